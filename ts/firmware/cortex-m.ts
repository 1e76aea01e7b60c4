/**
 * The bare Cortex-M targets, a row each: the core, the machine of QEMU that has it, and the boards that it
 * is for. With its row goes a linker script an arena, csrc/port/NAME/emulator-REGION.ld; nothing else says
 * what a target is. Plain data. Knows nothing of models.
 */

/** A build of a target: another FPU, another instruction set. */
export interface Variant {
  readonly name: string;
  readonly description: string;
  /** Variables for CMake. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface CortexM {
  readonly core: string;
  /** Floating point, the usual one first; `mfpu` is gcc's -mfpu, or "soft" where there is no FPU. */
  readonly fpus: readonly {
    readonly name: string;
    readonly mfpu: string;
    readonly description: string;
  }[];
  /** What the core's sources want to be defined to use their assembly for it; "" where they have none. */
  readonly assembly: string;
  /** Folder of csrc/port with the emulated machine's timer and interrupts. */
  readonly machine: string;
  /** QEMU's arguments for the machine as it is. */
  readonly qemu: readonly string[];
  /** More of them for what is larger than the machine: boards behind the first, a harness's inputs. */
  readonly moreMemory: readonly string[];
  /** Ids of the boards it is for, the usual one first. */
  readonly boards: readonly string[];
}

const SOFT = { name: "soft", mfpu: "soft", description: "floating point in software" } as const;

export const CORTEX_M = {
  "cortex-m7": {
    core: "Cortex-M7",
    fpus: [
      { name: "double", mfpu: "fpv5-d16", description: "with a double-precision FPU" },
      { name: "single", mfpu: "fpv5-sp-d16", description: "with a single-precision FPU" },
    ],
    assembly: "MLM_CORTEX_M7_ASM",
    machine: "mps2",
    qemu: ["-M", "mps2-an500"],
    moreMemory: [],
    boards: ["stm32h743"],
  },
  "cortex-m4": {
    core: "Cortex-M4",
    fpus: [{ name: "single", mfpu: "fpv4-sp-d16", description: "with its FPU" }],
    assembly: "MLM_CORTEX_M4_ASM",
    machine: "mps2",
    qemu: ["-M", "mps2-an386"],
    moreMemory: [],
    boards: ["nrf52840", "microbit-v2", "stm32f405", "stm32l476"],
  },
  "cortex-m33": {
    core: "Cortex-M33",
    fpus: [{ name: "single", mfpu: "fpv5-sp-d16", description: "with its FPU" }],
    assembly: "MLM_CORTEX_M7_ASM",
    machine: "mps2-an505",
    qemu: ["-M", "mps2-an505"],
    moreMemory: [],
    boards: ["rp2350", "stm32u575"],
  },
  "cortex-m3": {
    core: "Cortex-M3",
    fpus: [SOFT],
    assembly: "",
    machine: "mps2",
    qemu: ["-M", "mps2-an385"],
    moreMemory: [],
    boards: ["stm32l152"],
  },
  "cortex-m0": {
    core: "Cortex-M0",
    fpus: [SOFT],
    assembly: "",
    machine: "microbit",
    qemu: ["-M", "microbit"],
    // 2 MB of flash and 17 MB of RAM instead of 256 KB and 16 KB.
    moreMemory: [
      ...["-global", "nrf51-soc.flash-size=0x200000"],
      ...["-global", "nrf51-soc.sram-size=0x1100000"],
    ],
    boards: ["microbit", "rp2040"],
  },
} as const satisfies Readonly<Record<string, CortexM>>;

export type CortexMTarget = keyof typeof CORTEX_M;

export const CORTEX_M_TARGETS = Object.keys(CORTEX_M) as readonly CortexMTarget[];

/** Of any target; undefined where it is no bare Cortex-M. */
export function cortexM(target: string): CortexM | undefined {
  return (CORTEX_M as Readonly<Record<string, CortexM>>)[target];
}

/** Nothing on the screen; console and exit status by semihosting. Lines of a README. */
export const SEMIHOSTING = [
  ["-display", "none", "-monitor", "none", "-serial", "none"],
  ["-chardev", "stdio,id=s0,signal=off"],
  ["-semihosting-config", "enable=on,target=native,chardev=s0"],
] as const;

export function variantsOf({ core, fpus }: CortexM): readonly Variant[] {
  return fpus.map(({ name, mfpu, description }) => ({
    name,
    description: `${core}${name === SOFT.name ? ", " : " "}${description}`,
    settings: { MAMBALITE_FPU: mfpu },
  }));
}
