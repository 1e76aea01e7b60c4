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

/** What an ESP-IDF application has at link time in internal SRAM, code in IRAM included. */
const ESP32S3_DIRAM_BYTES = 341_760;
/** Of that, an application that does nothing takes 55,523; rounded up, without Wi-Fi and Bluetooth. */
const ESP_IDF_RAM_BYTES = 64 * KIB;
/** A blank ESP-IDF application takes 219,056, and its image starts at 64 KiB. */
const ESP_IDF_FLASH_BYTES = 320 * KIB;

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
  fpu: "single precision",
  cache: "16 KB instructions, 32 KB data, for flash and PSRAM",
  flash: {
    bytes: 8 * MIB,
    reservedBytes: ESP_IDF_FLASH_BYTES,
    reservedFor: "boot loader, partition table and ESP-IDF (allowance)",
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
  },
];

const STM32H74X = {
  clockHz: 480e6,
  fpu: "double precision",
  cache: "16 KB instructions, 16 KB data",
  flash: {
    bytes: 2 * MIB,
    reservedBytes: BARE_METAL_CODE_BYTES,
    reservedFor: "start-up, core and application code (allowance)",
  },
  stackBytes: BARE_METAL_STACK_BYTES,
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
];
