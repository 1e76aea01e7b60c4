/**
 * How fast the boards of the catalogue are: core, clock, caches, what a line or an access of each memory costs, and
 * where an exported project puts things. Plain data, each cost with its source or said to be assumed.
 */

import {
  CORTEX_M0,
  CORTEX_M0_PLUS,
  CORTEX_M3,
  CORTEX_M4,
  CORTEX_M7,
  CORTEX_M33,
  ESP32_C3,
  ESP32_P4,
  type ProxyCorrection,
  XTENSA_CORRECTION,
  XTENSA_LX6,
  XTENSA_LX7,
} from "./cores/index.js";
import {
  type Caches,
  type Cost,
  exactly,
  FREE,
  type Memory,
  type Placement,
} from "./memory/memories.js";
import type { Core } from "./pipeline/core.js";

export interface BoardTiming {
  /** Of the catalogue, where it is in it. */
  readonly id: string;
  readonly core: Core;
  readonly clockHz: number;
  readonly caches: Caches;
  readonly memories: Readonly<Record<string, Memory>>;
  /** Where things lie unless one says otherwise. */
  readonly placement: Placement;
  /** What is assumed, for a reader: flash mode, wait states, flags. */
  readonly conditions: readonly string[];
  /** The trace is of another instruction set. */
  readonly proxy?: ProxyCorrection;
}

const KIB = 1024;

/** What a time in nanoseconds is at a clock. */
function cyclesOf(clockHz: number, usualNs: number, lowNs = usualNs, highNs = usualNs): Cost {
  const cycles = (ns: number) => Math.round((ns * clockHz) / 1e9);
  return { usual: cycles(usualNs), low: cycles(lowNs), high: cycles(highNs) };
}

const onChip = (name: string): Memory => ({ name, cycles: FREE });

// ---- STM32H7 ---------------------------------------------------------------------------------------

/** Arm DDI 0489 and DS12110: 16 KB each, lines of 32 bytes, data in 4 ways, instructions in 2. */
const H7_CACHES: Caches = {
  instructions: { bytes: 16 * KIB, ways: 2, lineBytes: 32 },
  data: { bytes: 16 * KIB, ways: 4, lineBytes: 32 },
};

const CACHED = { instructions: "instructions", data: "data" } as const;

function stm32h7(id: string, clockHz: number, flash: Cost, sram: Cost): BoardTiming {
  return {
    ...{ id, core: CORTEX_M7, clockHz, caches: H7_CACHES },
    memories: {
      itcm: onChip("ITCM"),
      dtcm: onChip("DTCM"),
      flash: { name: "flash", ...CACHED, cycles: flash },
      "axi-sram": { name: "AXI SRAM", ...CACHED, cycles: sram },
      // Behind one more bus (RM0433); assumed to be half as far again as AXI SRAM.
      "d2-sram": {
        name: "D2 SRAM",
        ...CACHED,
        cycles: { usual: sram.usual * 1.5, low: sram.low * 1.5, high: sram.high * 1.5 },
      },
    },
    placement: {
      ...{ weights: "flash", arena: "axi-sram", code: "flash", data: "dtcm", inputs: "axi-sram" },
    },
    conditions: [
      `${clockHz / 1e6} MHz`,
      "caches on",
      "flash with the wait states of that clock",
      "-O2",
    ],
  };
}

/** Of 480 MHz nothing measured was found: assumed from 17 cycles a line at 280 MHz (STM32H7A3, fitted on fp32 ad of MLPerf Tiny). */
const H743_FLASH: Cost = { usual: 26, low: 20, high: 32 };
const H743_AXI: Cost = { usual: 16, low: 12, high: 20 };
/** Out of reset: flash without wait states behind a 64-bit bus, assumed. */
const H747_FLASH: Cost = { usual: 8, low: 6, high: 10 };
const H747_AXI: Cost = { usual: 8, low: 6, high: 10 };

// ---- flash with an accelerator -----------------------------------------------------------------------

interface Flash {
  readonly caches: Caches;
  readonly flash: Omit<Memory, "name">;
  readonly conditions: readonly string[];
}

/** A chip whose RAM takes no wait states. */
function plainChip(
  id: string,
  core: Core,
  clockHz: number,
  { caches, flash, conditions }: Flash,
): BoardTiming {
  return {
    ...{ id, core, clockHz, caches },
    memories: { sram: onChip("SRAM"), flash: { name: "flash", ...flash } },
    placement: { weights: "flash", arena: "sram", code: "flash", data: "sram", inputs: "sram" },
    conditions: [`${clockHz / 1e6} MHz`, ...conditions, "-O2"],
  };
}

/** nRF52840 Product Specification 4.3: 2 KB for instructions alone, in 2 ways of 16 bytes (assumed); 2 wait states. */
const NRF52: Flash = {
  caches: { instructions: { bytes: 2 * KIB, ways: 2, lineBytes: 16 } },
  flash: { instructions: "instructions", cycles: exactly(2) },
  conditions: ["instruction cache on", "flash of 2 wait states"],
};

/** RM0090 3.5.2: 64 lines of 16 bytes for instructions, 8 for data; 5 wait states at 168 MHz. */
const STM32F4: Flash = {
  caches: {
    instructions: { bytes: KIB, ways: 64, lineBytes: 16 },
    data: { bytes: 128, ways: 8, lineBytes: 16 },
  },
  flash: { ...CACHED, cycles: exactly(5) },
  conditions: ["ART accelerator on", "flash of 5 wait states"],
};

/** RM0351 3.3.4: 32 lines of 32 bytes for instructions, 8 for data; 4 wait states at 80 MHz, 64 bits each. */
const STM32L4: Flash = {
  caches: {
    instructions: { bytes: KIB, ways: 32, lineBytes: 32 },
    data: { bytes: 256, ways: 8, lineBytes: 32 },
  },
  flash: { ...CACHED, cycles: { usual: 8, low: 4, high: 16 } },
  conditions: ["ART accelerator on", "flash of 4 wait states"],
};

const SHARED_CACHE = { instructions: "shared", data: "shared" } as const;

/** RM0456: 8 KB in 2 ways of 16 bytes for the whole of the code bus; 4 wait states at 160 MHz. */
const STM32U5: Flash = {
  caches: { shared: { bytes: 8 * KIB, ways: 2, lineBytes: 16 } },
  flash: { ...SHARED_CACHE, cycles: { usual: 6, low: 4, high: 8 } },
  conditions: ["ICACHE on", "flash of 4 wait states"],
};

/** RM0038 3.3: 1 wait state at 32 MHz; the prefetch buffer hides it from instructions in a row (assumed: from all). */
const STM32L1: Flash = {
  caches: { instructions: { bytes: 8, ways: 1, lineBytes: 8 } },
  flash: { instructions: "instructions", cycles: { usual: 1, low: 0, high: 1 } },
  conditions: ["flash of 1 wait state, prefetch on"],
};

const NO_WAIT: Flash = {
  caches: {},
  flash: { cycles: FREE },
  conditions: ["flash of no wait states"],
};

/**
 * RP2040 Datasheet 2.6.3: 16 KB in 2 ways of 8 bytes; a continuous read is 8 clocks of address and mode, 4 dummy and
 * 16 of data, at half the core's clock, and some to begin and end (assumed).
 */
const XIP: Flash = {
  caches: { shared: { bytes: 16 * KIB, ways: 2, lineBytes: 8 } },
  flash: { ...SHARED_CACHE, cycles: { usual: 62, low: 52, high: 76 } },
  conditions: ["QSPI flash, four bits, at half the core's clock"],
};

// ---- Espressif -----------------------------------------------------------------------------------------

/** A line of 32 bytes from SPI flash at 80 MHz, from the protocol: instruction, address, dummy, data. */
const QIO_NS = 1050;
const DIO_NS = 1900;
/** Around it: what the cache itself takes, and what it reads ahead. */
const around = (ns: number) => [ns, 0.85 * ns, 1.15 * ns] as const;
const PSRAM_CYCLES: Cost = { usual: 190, low: 150, high: 230 };

interface Esp {
  readonly core: Core;
  readonly clockHz: number;
  readonly caches: Caches;
  readonly cached: Pick<Memory, "instructions" | "data">;
  readonly lineNs: number;
  readonly conditions: readonly string[];
  readonly proxy?: ProxyCorrection;
  readonly psram?: boolean;
}

/** ESP-IDF runs code from flash; what is hot in it stays in the cache. */
function esp(
  id: string,
  { core, clockHz, caches, cached, lineNs, conditions, proxy, psram }: Esp,
): BoardTiming {
  return {
    ...{ id, core, clockHz, caches },
    memories: {
      sram: onChip("internal SRAM"),
      flash: { name: "flash", ...cached, cycles: cyclesOf(clockHz, ...around(lineNs)) },
      ...(psram && { psram: { name: "PSRAM", ...cached, cycles: PSRAM_CYCLES } }),
    },
    placement: { weights: "flash", arena: "sram", code: "flash", data: "sram", inputs: "sram" },
    conditions: [`${clockHz / 1e6} MHz`, ...conditions, "-O2"],
    ...(proxy && { proxy }),
  };
}

/** ESP-IDF: 16 KB for instructions, 8 ways, lines of 32 bytes; an exported project sets QIO and 64 KB for data. */
const ESP32S3: Esp = {
  core: XTENSA_LX7,
  clockHz: 240e6,
  caches: {
    instructions: { bytes: 16 * KIB, ways: 8, lineBytes: 32 },
    data: { bytes: 64 * KIB, ways: 8, lineBytes: 32 },
  },
  cached: CACHED,
  lineNs: QIO_NS,
  conditions: ["QIO flash at 80 MHz", "64 KB data cache"],
  proxy: XTENSA_CORRECTION,
};

const sharedCache = (bytes: number, ways: number): Caches => ({
  shared: { bytes, ways, lineBytes: 32 },
});

export const BOARD_TIMINGS: readonly BoardTiming[] = [
  stm32h7("stm32h743", 480e6, H743_FLASH, H743_AXI),
  stm32h7("stm32h747", 64e6, H747_FLASH, H747_AXI),
  plainChip("nrf52840", CORTEX_M4, 64e6, NRF52),
  plainChip("microbit-v2", CORTEX_M4, 64e6, NRF52),
  plainChip("stm32f405", CORTEX_M4, 168e6, STM32F4),
  plainChip("stm32l476", CORTEX_M4, 80e6, STM32L4),
  plainChip("rp2350", CORTEX_M33, 150e6, XIP),
  plainChip("stm32u575", CORTEX_M33, 160e6, STM32U5),
  plainChip("stm32l152", CORTEX_M3, 32e6, STM32L1),
  plainChip("microbit", CORTEX_M0, 16e6, NO_WAIT),
  plainChip("rp2040", CORTEX_M0_PLUS, 133e6, XIP),
  esp("esp32c3", {
    ...{ core: ESP32_C3, clockHz: 160e6, caches: sharedCache(16 * KIB, 8), cached: SHARED_CACHE },
    ...{ lineNs: DIO_NS, conditions: ["DIO flash at 80 MHz", "16 KB cache"] },
  }),
  esp("esp32c6", {
    ...{ core: ESP32_C3, clockHz: 160e6, caches: sharedCache(32 * KIB, 4), cached: SHARED_CACHE },
    ...{ lineNs: DIO_NS, conditions: ["DIO flash at 80 MHz", "32 KB cache", "the core of the C3"] },
  }),
  esp("esp32s3", ESP32S3),
  esp("esp32s3-psram", { ...ESP32S3, psram: true }),
  esp("esp32", {
    ...{ core: XTENSA_LX6, clockHz: 240e6, caches: sharedCache(32 * KIB, 2), cached: SHARED_CACHE },
    // Half the clock of the S3's flash: twice the time.
    ...{ lineNs: 2 * DIO_NS, conditions: ["DIO flash at 40 MHz", "32 KB cache"] },
    proxy: XTENSA_CORRECTION,
  }),
  esp("esp32p4", {
    core: ESP32_P4,
    clockHz: 360e6,
    // ESP32-P4 Datasheet: 16 KB and 64 KB, and a second level of 256 KB, which stands for both here.
    caches: { shared: { bytes: 256 * KIB, ways: 8, lineBytes: 64 } },
    cached: SHARED_CACHE,
    lineNs: 2 * QIO_NS,
    conditions: ["QIO flash at 80 MHz", "256 KB second-level cache"],
  }),
];

/** With another flash mode: what a line costs then. */
export function withQio(timing: BoardTiming): BoardTiming {
  const { flash, ...others } = timing.memories;
  const cycles = cyclesOf(timing.clockHz, ...around(QIO_NS));
  return { ...timing, memories: { ...others, flash: { ...flash!, cycles } } };
}

export function timingOf(id: string): BoardTiming | undefined {
  return BOARD_TIMINGS.find((timing) => timing.id === id);
}
