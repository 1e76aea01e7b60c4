/**
 * The board catalogue: what a chip has, in bytes and hertz, and where each figure comes from. Plain
 * data. Knows nothing of models, of plans, or of what fits.
 */

/**
 * Where a region stands when the core has a choice: "tcm" is reached in one cycle, "sram" over a bus
 * (and a cache, where there is one), "external" outside the chip.
 */
export type RegionSpeed = "tcm" | "sram" | "external";

/** A stretch of RAM that can hold an arena. */
export interface Region {
  readonly id: string;
  readonly name: string;
  /** What the data sheet gives. */
  readonly bytes: number;
  /** What an application can use of it: `bytes` less what `reservedFor` names. */
  readonly usableBytes: number;
  /** Who has the rest; empty when nobody has. */
  readonly reservedFor: string;
  readonly speed: RegionSpeed;
  /** No exported project links anything but an arena into it. */
  readonly arenaOnly?: true;
}

export interface Board {
  readonly id: string;
  readonly name: string;
  readonly core: string;
  /** The fastest the chip is made for. */
  readonly clockHz: number;
  /** What an exported project sets up. */
  readonly projectClockHz: number;
  readonly fpu: string;
  readonly cache: string;
  /** The regions that can hold an arena, best first. */
  readonly regions: readonly Region[];
  readonly flash: {
    readonly bytes: number;
    /** Firmware besides the blob: an allowance until the firmware itself is measured. */
    readonly reservedBytes: number;
    readonly reservedFor: string;
    /** The core reads it as fast as RAM. */
    readonly hasNoWaits?: true;
  };
  /** Stack of the task that runs a session, in an exported project too; counted with the arena. */
  readonly stackBytes: number;
  /** Documents that the figures are taken from. */
  readonly sources: readonly string[];
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** The deepest call of the core needs less than 1 KB of stack; the rest is for caller and interrupts. */
export const BARE_METAL_STACK_BYTES = 2 * KIB;
/** Of a FreeRTOS task, whose console goes through the C library's stdio. */
const ESP_IDF_STACK_BYTES = 4 * KIB;

/** The core's code is held below 24 KB; start-up, drivers and an application's own code come on top. */
const BARE_METAL_CODE_BYTES = 64 * KIB;
const BARE_METAL_CODE = "start-up, core and application code (allowance)";

/** Floats are emulated by the compiler's library. */
const NO_FPU = "none";
const SINGLE_PRECISION = "single precision";

export function hasFpu({ fpu }: Pick<Board, "fpu">): boolean {
  return fpu !== NO_FPU;
}

/** What an ESP-IDF application has at link time in internal SRAM, code in IRAM included. */
const ESP32S3_DIRAM_BYTES = 341_760;
/** Of that, an application that does nothing takes 55,523; rounded up, without Wi-Fi and Bluetooth. */
const ESP_IDF_RAM_BYTES = 64 * KIB;
/** A blank ESP-IDF application takes 219,056, and its image starts at 64 KiB. */
const ESP_IDF_FLASH_BYTES = 320 * KIB;
const ESP_IDF_FLASH = "boot loader, partition table and ESP-IDF (allowance)";

/** The same of the ESP32-C3 and C6, from the first byte behind the cache to the boot loader's own. */
const ESP32C3_DIRAM_BYTES = 0x4e710;
const ESP32C6_SRAM_BYTES = 0x6e610;

const ESP32S3_SRAM: Region = {
  id: "sram",
  name: "internal SRAM",
  bytes: 512 * KIB,
  usableBytes: ESP32S3_DIRAM_BYTES - ESP_IDF_RAM_BYTES,
  reservedFor: "caches, ROM and boot loader (182,528), ESP-IDF with FreeRTOS (65,536, no radio)",
  speed: "sram",
};

const ESP32S3 = {
  core: "2 x Xtensa LX7 (a session uses one)",
  clockHz: 240e6,
  projectClockHz: 240e6,
  fpu: SINGLE_PRECISION,
  cache: "16 KB instructions, 64 KB data, for flash and PSRAM",
  flash: {
    bytes: 8 * MIB,
    reservedBytes: ESP_IDF_FLASH_BYTES,
    reservedFor: ESP_IDF_FLASH,
  },
  stackBytes: ESP_IDF_STACK_BYTES,
} as const;

const ESP32S3_SOURCES = [
  "ESP32-S3 Series Datasheet: 240 MHz, 512 KB SRAM",
  "ESP-IDF 5, components/esp_system/ld/esp32s3/memory.ld.in: dram0_0_seg is 0x53700 bytes",
  "ESP-IDF issues 14083 and 15354: RAM and flash of an application that does nothing",
];

const STM32H74X_REGIONS: readonly Region[] = [
  {
    id: "dtcm",
    name: "DTCM",
    bytes: 128 * KIB,
    usableBytes: 128 * KIB,
    reservedFor: "",
    speed: "tcm",
  },
  {
    id: "axi-sram",
    name: "AXI SRAM",
    bytes: 512 * KIB,
    usableBytes: 512 * KIB,
    reservedFor: "",
    speed: "sram",
  },
  {
    id: "d2-sram",
    name: "D2 SRAM1-3",
    bytes: 288 * KIB,
    usableBytes: 288 * KIB,
    reservedFor: "",
    speed: "sram",
    arenaOnly: true,
  },
];

const STM32H74X = {
  clockHz: 480e6,
  fpu: "double precision",
  cache: "16 KB instructions, 16 KB data",
  flash: {
    bytes: 2 * MIB,
    reservedBytes: BARE_METAL_CODE_BYTES,
    reservedFor: BARE_METAL_CODE,
  },
  stackBytes: BARE_METAL_STACK_BYTES,
} as const;

/** On-chip SRAM, all of it the application's. */
function sram(name: string, bytes: number, id = "sram"): Region {
  return { id, name, bytes, usableBytes: bytes, reservedFor: "", speed: "sram" };
}

/** What has no weights: stands beside the first SRAM, or is of a board whose project copies none. */
function arenaRam(name: string, bytes: number, id: string): Region {
  return { ...sram(name, bytes, id), arenaOnly: true };
}

/**
 * ESP-IDF's static memory of a chip whose project is for the emulator, which leaves weights in flash; `linked` is what
 * an application has at link time.
 */
function espSram(bytes: number, linked: number): Region {
  return {
    ...arenaRam("internal SRAM", bytes, "sram"),
    usableBytes: linked - ESP_IDF_RAM_BYTES,
    reservedFor:
      `cache, ROM and boot loader (${(bytes - linked).toLocaleString("en-US")}), ` +
      "ESP-IDF with FreeRTOS (65,536, no radio)",
  };
}

/** On-chip flash, or the one that a board has beside its chip. */
function bareFlash(bytes: number): Board["flash"] {
  return { bytes, reservedBytes: BARE_METAL_CODE_BYTES, reservedFor: BARE_METAL_CODE };
}

/** A bare project runs at whatever clock the application sets up: the chip's highest here. */
function bareChip(clockMhz: number) {
  return {
    clockHz: clockMhz * 1e6,
    projectClockHz: clockMhz * 1e6,
    stackBytes: BARE_METAL_STACK_BYTES,
  } as const;
}

const ESP32_RISCV = {
  clockHz: 160e6,
  projectClockHz: 160e6,
  fpu: NO_FPU,
  flash: {
    bytes: 4 * MIB,
    reservedBytes: ESP_IDF_FLASH_BYTES,
    reservedFor: ESP_IDF_FLASH,
  },
  stackBytes: ESP_IDF_STACK_BYTES,
} as const;

/** Every board this project knows, in the order in which reports list them. */
export const BOARDS: readonly Board[] = [
  {
    ...ESP32S3,
    id: "esp32s3",
    name: "ESP32-S3 (WROOM-1-N8: 8 MB flash, no PSRAM)",
    regions: [ESP32S3_SRAM],
    sources: [...ESP32S3_SOURCES, "ESP32-S3-WROOM-1 Datasheet: 8 MB flash (N8)"],
  },
  {
    ...ESP32S3,
    id: "esp32s3-psram",
    name: "ESP32-S3 (WROOM-1-N8R8: 8 MB flash, 8 MB PSRAM)",
    regions: [
      ESP32S3_SRAM,
      {
        id: "psram",
        name: "octal PSRAM",
        bytes: 8 * MIB,
        usableBytes: 8 * MIB,
        reservedFor: "",
        speed: "external",
      },
    ],
    sources: [
      ...ESP32S3_SOURCES,
      "ESP32-S3-WROOM-1 Datasheet: 8 MB flash, 8 MB octal PSRAM (N8R8)",
    ],
  },
  {
    ...STM32H74X,
    id: "stm32h743",
    name: "STM32H743xI",
    projectClockHz: 480e6,
    core: "Cortex-M7",
    regions: STM32H74X_REGIONS,
    sources: ["STM32H743xI Datasheet DS12110: 480 MHz, memories", "Reference Manual RM0433"],
  },
  {
    ...STM32H74X,
    id: "stm32h747",
    name: "STM32H747xI",
    // As out of reset: the way to more begins with the supply, which differs from board to board.
    projectClockHz: 64e6,
    core: "Cortex-M7 (and a Cortex-M4 at 240 MHz, not used)",
    regions: STM32H74X_REGIONS,
    sources: ["STM32H747xI Datasheet DS12930: 480 MHz, memories", "Reference Manual RM0399"],
  },
  {
    ...bareChip(64),
    id: "nrf52840",
    name: "nRF52840 (1 MB flash, 256 KB RAM)",
    core: "Cortex-M4F",
    fpu: SINGLE_PRECISION,
    cache: "2 KB instructions, for flash",
    regions: [sram("RAM", 256 * KIB)],
    flash: bareFlash(MIB),
    sources: ["nRF52840 Product Specification v1.8: 64 MHz, 1 MB flash, 256 KB RAM"],
  },
  {
    ...bareChip(64),
    id: "microbit-v2",
    name: "BBC micro:bit v2 (nRF52833: 512 KB flash, 128 KB RAM)",
    core: "Cortex-M4F",
    fpu: SINGLE_PRECISION,
    cache: "2 KB instructions, for flash",
    regions: [sram("RAM", 128 * KIB)],
    flash: bareFlash(512 * KIB),
    sources: [
      "nRF52833 Product Specification v1.6: 64 MHz, 512 KB flash, 128 KB RAM",
      "tech.microbit.org/hardware: the target processor is an nRF52833",
    ],
  },
  {
    ...bareChip(168),
    id: "stm32f405",
    name: "STM32F405xG (1 MB flash, 192 KB RAM)",
    core: "Cortex-M4F",
    fpu: SINGLE_PRECISION,
    cache: "1 KB instructions, 128 bytes data, for flash (ART)",
    regions: [sram("SRAM1 and SRAM2", 128 * KIB), arenaRam("CCM", 64 * KIB, "ccm")],
    flash: bareFlash(MIB),
    sources: ["STM32F405xx Datasheet DS8626: 168 MHz, memories", "Reference Manual RM0090"],
  },
  {
    ...bareChip(80),
    id: "stm32l476",
    name: "STM32L476xG (1 MB flash, 128 KB RAM)",
    core: "Cortex-M4F",
    fpu: SINGLE_PRECISION,
    cache: "1 KB instructions, 256 bytes data, for flash (ART)",
    regions: [sram("SRAM1", 96 * KIB), arenaRam("SRAM2", 32 * KIB, "sram2")],
    flash: bareFlash(MIB),
    sources: ["STM32L476xx Datasheet DS10198: 80 MHz, memories", "Reference Manual RM0351"],
  },
  {
    ...bareChip(150),
    id: "rp2350",
    name: "RP2350 (Raspberry Pi Pico 2: 4 MB flash, 520 KB RAM)",
    core: "2 x Cortex-M33 (a session uses one)",
    fpu: SINGLE_PRECISION,
    cache: "16 KB, for flash",
    regions: [sram("SRAM", 520 * KIB)],
    flash: bareFlash(4 * MIB),
    sources: [
      "RP2350 Datasheet: 150 MHz, 520 KB SRAM in ten banks",
      "Raspberry Pi Pico 2 Datasheet: 4 MB QSPI flash",
    ],
  },
  {
    ...bareChip(160),
    id: "stm32u575",
    name: "STM32U575xI (2 MB flash, 784 KB RAM)",
    core: "Cortex-M33",
    fpu: SINGLE_PRECISION,
    cache: "8 KB instructions, 4 KB data",
    regions: [sram("SRAM1-3", 768 * KIB), arenaRam("SRAM4", 16 * KIB, "sram4")],
    flash: bareFlash(2 * MIB),
    sources: ["STM32U575xx Datasheet DS13737: 160 MHz, memories", "Reference Manual RM0456"],
  },
  {
    ...bareChip(32),
    id: "stm32l152",
    name: "STM32L152xE (512 KB flash, 80 KB RAM)",
    core: "Cortex-M3",
    fpu: NO_FPU,
    cache: "none",
    regions: [sram("SRAM", 80 * KIB)],
    flash: bareFlash(512 * KIB),
    sources: ["STM32L152xE Datasheet DS10002: 32 MHz, memories", "Reference Manual RM0038"],
  },
  {
    ...bareChip(16),
    id: "microbit",
    name: "BBC micro:bit v1 (nRF51822: 256 KB flash, 16 KB RAM)",
    core: "Cortex-M0",
    fpu: NO_FPU,
    cache: "none",
    regions: [sram("RAM", 16 * KIB)],
    flash: { ...bareFlash(256 * KIB), hasNoWaits: true },
    sources: [
      "nRF51822 Product Specification v3.4: 16 MHz, 256 KB flash and 16 KB RAM (QFAA)",
      "tech.microbit.org/hardware/1-5-revision: the target processor is an nRF51822-QFAA",
    ],
  },
  {
    ...bareChip(133),
    id: "rp2040",
    name: "RP2040 (Raspberry Pi Pico: 2 MB flash, 264 KB RAM)",
    core: "2 x Cortex-M0+ (a session uses one)",
    fpu: NO_FPU,
    cache: "16 KB, for flash",
    regions: [sram("SRAM", 264 * KIB)],
    flash: bareFlash(2 * MIB),
    sources: [
      "RP2040 Datasheet: 133 MHz, 264 KB SRAM in six banks",
      "Raspberry Pi Pico Datasheet: 2 MB QSPI flash",
    ],
  },
  {
    ...ESP32_RISCV,
    id: "esp32c3",
    name: "ESP32-C3 (MINI-1-N4: 4 MB flash)",
    core: "RISC-V, rv32imc",
    cache: "16 KB, for flash",
    regions: [espSram(400 * KIB, ESP32C3_DIRAM_BYTES)],
    sources: [
      "ESP32-C3 Series Datasheet: 160 MHz, 400 KB SRAM, 16 KB of it cache",
      "ESP-IDF 5, components/esp_system/ld/esp32c3/memory.ld.in: dram0_0_seg is 0x4e710 bytes",
      "ESP32-C3-MINI-1 Datasheet: 4 MB flash (N4)",
    ],
  },
  {
    ...ESP32_RISCV,
    id: "esp32c6",
    name: "ESP32-C6 (MINI-1-N4: 4 MB flash)",
    core: "RISC-V, rv32imac",
    cache: "32 KB, for flash",
    regions: [espSram(512 * KIB, ESP32C6_SRAM_BYTES)],
    sources: [
      "ESP32-C6 Series Datasheet: 160 MHz, 512 KB HP SRAM",
      "ESP-IDF 5, components/esp_system/ld/esp32c6/memory.ld.in: sram_seg is 0x6e610 bytes",
      "ESP32-C6-MINI-1 Datasheet: 4 MB flash (N4)",
    ],
  },
];
