/**
 * The emulated machines: compilers, QEMU's arguments, variants, and where to get what is missing. For
 * Node. Knows nothing of models.
 */
import { existsSync } from "node:fs";
import {
  CORTEX_M,
  CORTEX_M_TARGETS,
  type CortexM,
  type CortexMTarget,
  SEMIHOSTING,
  type Variant,
  variantsOf,
} from "./cortex-m.js";
import { ToolchainMissing } from "./errors.js";
import { answerOf } from "./process.js";
import type { EmulatedTarget } from "./targets.js";

export type { Variant };

export interface Emulator {
  /** The usual variant comes first. */
  readonly variants: readonly Variant[];
  /** `${prefix}gcc`, `${prefix}size`. */
  readonly prefix: string;
  /** What the compiler needs to find its C library's headers. */
  readonly headerFlags: readonly string[];
  readonly command: string;
  readonly args: readonly string[];
  /** Debian's and Ubuntu's names. */
  readonly packages: readonly string[];
}

const XTENSA_SPECS = "/usr/lib/xtensa-lx106-elf/picolibc.specs";
/** Where Debian's emscripten has the sources of compiler-rt. */
const EMSCRIPTEN_BUILTINS = "/usr/share/emscripten/system/lib/compiler-rt/lib/builtins";

const QUIET = ["-display", "none", "-monitor", "none"];

/** `-icount shift=N`: every instruction takes 2^N ns of emulated time, see the port's machine. */
function counting(shift: number): string[] {
  return ["-icount", `shift=${shift},align=off,sleep=off`];
}

export const EMULATORS: Readonly<Record<EmulatedTarget, Emulator>> = {
  ...cortexMEmulators(),
  riscv32: {
    variants: [
      {
        name: "hard",
        description: "rv32imafc, single-precision FPU",
        settings: { MAMBALITE_ISA: "rv32imafc" },
      },
      {
        name: "soft",
        description: "rv32imc, floating point in software",
        settings: { MAMBALITE_ISA: "rv32imc" },
      },
    ],
    prefix: "riscv64-unknown-elf-",
    headerFlags: ["-march=rv32imafc", "-mabi=ilp32f", "--specs=picolibc.specs"],
    command: "qemu-system-riscv32",
    args: ["-M", "virt", "-bios", "none", "-serial", "stdio", ...QUIET, ...counting(0)],
    packages: [
      "cmake",
      "gcc-riscv64-unknown-elf",
      "picolibc-riscv64-unknown-elf",
      "qemu-system-misc",
    ],
  },
  xtensa: {
    variants: [
      {
        name: "lx106",
        description: "Xtensa lx106, floating point in software; stands for the family",
        settings: { MAMBALITE_SPECS: XTENSA_SPECS, MAMBALITE_BUILTINS: builtinsFolder() },
      },
    ],
    prefix: "xtensa-lx106-elf-",
    headerFlags: [`--specs=${XTENSA_SPECS}`],
    command: "qemu-system-xtensa",
    args: [
      ...["-M", "sim", "-cpu", "lx106", "-semihosting", "-serial", "none"],
      ...QUIET,
      ...counting(5),
    ],
    packages: [
      "cmake",
      "gcc-xtensa-lx106",
      "picolibc-xtensa-lx106-elf",
      "emscripten",
      "qemu-system-misc",
    ],
  },
};

function cortexMEmulators(): Readonly<Record<CortexMTarget, Emulator>> {
  return Object.fromEntries(
    CORTEX_M_TARGETS.map((target) => [target, cortexMEmulator(CORTEX_M[target])]),
  ) as Record<CortexMTarget, Emulator>;
}

function cortexMEmulator(row: CortexM): Emulator {
  return {
    variants: variantsOf(row),
    prefix: "arm-none-eabi-",
    headerFlags: [],
    command: "qemu-system-arm",
    args: [...row.qemu, ...row.moreMemory, ...SEMIHOSTING.flat(), ...counting(8)],
    packages: ["cmake", "gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "qemu-system-arm"],
  };
}

/** MAMBALITE_BUILTINS in the environment names another copy of compiler-rt/lib/builtins. */
function builtinsFolder(): string {
  return process.env.MAMBALITE_BUILTINS ?? EMSCRIPTEN_BUILTINS;
}

/** First lines of what the tools say of themselves. */
export interface ToolVersions {
  readonly compiler: string;
  readonly emulator: string;
  readonly cmake: string;
}

/** @throws ToolchainMissing, with everything that is missing and how to install it */
export function requireTools(target: EmulatedTarget): ToolVersions {
  const { prefix, command, packages } = EMULATORS[target];
  const missing = missingTools(target);
  if (missing.length > 0) {
    throw new ToolchainMissing(
      `verify --target ${target}`,
      missing,
      `sudo apt-get install ${packages.join(" ")} (Debian, Ubuntu)`,
    );
  }
  return {
    compiler: versionOf(`${prefix}gcc`) ?? "",
    emulator: versionOf(command) ?? "",
    cmake: versionOf("cmake") ?? "",
  };
}

/** What is missing to build and run for a target; empty when nothing is. */
export function missingTools(target: EmulatedTarget): string[] {
  const { prefix, command, headerFlags } = EMULATORS[target];
  const compiler = `${prefix}gcc`;
  const missing = ["cmake", compiler, `${prefix}size`, command].filter(
    (tool) => versionOf(tool) === undefined,
  );
  const headers = [...headerFlags, "-E", "-x", "c", "-"];
  if (!missing.includes(compiler) && !answerOf(compiler, headers, "#include <string.h>\n")) {
    missing.push(`the C library for ${compiler}`);
  }
  if (target === "xtensa" && !existsSync(`${builtinsFolder()}/addsf3.c`)) {
    missing.push("the sources of compiler-rt's builtins");
  }
  return missing;
}

function versionOf(command: string): string | undefined {
  return answerOf(command, ["--version"])?.split("\n")[0];
}
