/**
 * The boards that there is a runner for, a row each: processor, memories, which files of csrc/runner/boards, and how a
 * person gets a file onto it. Plain data. Knows no compiler's command line but the flags that a processor takes.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Of flash, for the runner itself; a model's place begins behind it on every board. */
export const RUNNER_BYTES = 64 * KIB;

/** For statics of the runner, beside arena and stack. */
const STATIC_BYTES = 512;

/**
 * All kernels together are larger than a runner may be (about 90 KB of Thumb-2 code, 100 of Thumb), so that a board has
 * several images, tried in this order: the ops of floats that most networks with Mamba blocks are made of, those of
 * integers, and all of floats, compiled for size.
 */
const MAMBA = {
  suffix: "",
  numbers: "floats",
  without: ["gru", "lstm", "attention", "conv2d", "pool2d"],
};
const INTEGERS = { suffix: "-int", numbers: "integers" };
const ALL_FLOATS = { suffix: "-all", numbers: "floats", isSmall: true };
const WITH_FPU = [MAMBA, INTEGERS, ALL_FLOATS];
/** A core without an FPU takes seconds for what integers do in tens of milliseconds. */
const WITHOUT_FPU = [{ ...INTEGERS, suffix: "" }];

const CORTEX_M0_PLUS = {
  flags: ["-mcpu=cortex-m0plus", "-mfloat-abi=soft"],
  assembly: [],
  images: WITHOUT_FPU,
};
const CORTEX_M7 = {
  flags: ["-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard"],
  assembly: ["MLM_CORTEX_M7_ASM"],
  images: WITH_FPU,
};
const CORTEX_M33 = {
  flags: ["-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"],
  assembly: ["MLM_CORTEX_M7_ASM"],
  images: WITH_FPU,
};
const CORTEX_M0 = {
  flags: ["-mcpu=cortex-m0", "-mfloat-abi=soft"],
  assembly: [],
  images: WITHOUT_FPU,
};
const CORTEX_M4 = {
  flags: ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"],
  assembly: ["MLM_CORTEX_M4_ASM"],
  images: WITH_FPU,
};

/** RAM in one piece holds stack, statics and the arena. */
function inOnePiece(ramBytes, stackBytes) {
  return { stackBytes, arenaBytes: ramBytes - stackBytes - STATIC_BYTES, arena: "sram" };
}

/** A file on the mounted drive, and texts of which it has one. DAPLink says the board's number; so does an ST-LINK, in a link. */
const DAPLINK = "DETAILS.TXT";
const ST_LINK = "MBED.HTM";
const BOOT_ROM = "INFO_UF2.TXT";

/** The machine that exported projects have too. */
const STM32H743 = ["stm32h743.c", "stm32h743-clock.c"].map((file) => `../../port/stm32h7/${file}`);

export const RUNNER_BOARDS = {
  microbit: {
    name: "BBC micro:bit v1",
    catalogue: "microbit",
    ...CORTEX_M0,
    ...inOnePiece(16 * KIB, 2 * KIB),
    base: 0x0000_0000,
    flashBytes: 256 * KIB,
    files: ["microbit/microbit.c", "nrf/uart.c", "write.c", "stop.c"],
    script: "microbit/memory.ld",
    format: "hex",
    drive: { file: DAPLINK, contains: ["Unique ID: 9900", "Unique ID: 9901"] },
  },
  "microbit-v2": {
    name: "BBC micro:bit v2",
    catalogue: "microbit-v2",
    ...CORTEX_M4,
    ...inOnePiece(128 * KIB, 4 * KIB),
    base: 0x0000_0000,
    flashBytes: 512 * KIB,
    files: ["microbit-v2/microbit-v2.c", "nrf/uart.c", "dwt.c", "cycles.c", "write.c", "stop.c"],
    script: "microbit-v2/memory.ld",
    format: "hex",
    drive: {
      file: DAPLINK,
      contains: ["Unique ID: 9903", "Unique ID: 9904", "Unique ID: 9905", "Unique ID: 9906"],
    },
  },
  stm32f405: {
    name: "STM32F405 (1 MB), an adapter on PA9 and PA10; QEMU's netduinoplus2",
    catalogue: "stm32f405",
    ...CORTEX_M4,
    ...inOnePiece(128 * KIB, 4 * KIB),
    base: 0x0800_0000,
    flashBytes: MIB,
    files: ["stm32f4/stm32f4.c", "dwt.c", "write.c", "stop.c"],
    script: "stm32f4/memory.ld",
    format: "bin",
  },
  "nucleo-f446re": {
    name: "Nucleo-F446RE",
    // The F405's core, wait states and flash accelerator, at the same clock: RM0390 3.4 and 3.5 beside RM0090 3.5.
    catalogue: "stm32f405",
    ...CORTEX_M4,
    ...inOnePiece(128 * KIB, 4 * KIB),
    base: 0x0800_0000,
    flashBytes: 512 * KIB,
    files: ["stm32f4/stm32f4.c", "dwt.c", "write.c", "stop.c"],
    script: "stm32f4/memory.ld",
    format: "bin",
    drive: { file: ST_LINK, contains: ["code=0777", "auth=0777"] },
  },
  "nucleo-h743zi": {
    name: "Nucleo-H743ZI",
    catalogue: "stm32h743",
    ...CORTEX_M7,
    // Stack and statics lie in DTCM, 128 KB, which nothing else is in.
    ...{ stackBytes: 8 * KIB, arenaBytes: 512 * KIB, arena: "axi-sram" },
    base: 0x0800_0000,
    flashBytes: 2 * MIB,
    files: ["nucleo-h743zi/receive.c", "cycles.c", ...STM32H743],
    script: "nucleo-h743zi/memory.ld",
    format: "bin",
    drive: { file: ST_LINK, contains: ["code=0813", "auth=0813", "code=0836", "auth=0836"] },
  },
  pico: {
    name: "Raspberry Pi Pico",
    catalogue: "rp2040",
    ...CORTEX_M0_PLUS,
    ...inOnePiece(264 * KIB, 4 * KIB),
    base: 0x1000_0000,
    flashBytes: 2 * MIB,
    files: [
      ...["pico/second_stage.S", "pico/systick_cycles.c", "rp2/rp2.c"],
      ...["cycles.c", "write.c", "stop.c"],
    ],
    script: "pico/memory.ld",
    hasSecondStage: true,
    format: "uf2",
    family: 0xe48b_ff56,
    drive: { file: BOOT_ROM, contains: ["Board-ID: RPI-RP2"] },
  },
  pico2: {
    name: "Raspberry Pi Pico 2",
    catalogue: "rp2350",
    ...CORTEX_M33,
    ...inOnePiece(520 * KIB, 4 * KIB),
    base: 0x1000_0000,
    flashBytes: 4 * MIB,
    files: [
      ...["pico2/image_def.c", "pico2/dwt_cycles.c", "rp2/rp2.c", "dwt.c"],
      ...["cycles.c", "write.c", "stop.c"],
    ],
    script: "pico2/memory.ld",
    format: "uf2",
    family: 0xe48b_ff59,
    drive: { file: BOOT_ROM, contains: ["Board-ID: RP2350"] },
  },
};
