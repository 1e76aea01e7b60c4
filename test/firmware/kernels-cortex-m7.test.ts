/** The inline assembly for the Cortex-M7 against the portable kernels, both in one emulated program. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { EMULATORS } from "../../ts/firmware/node.js";
import { buildFolder, root, skipReason } from "./support.js";

const TIMEOUT_MS = 600_000;
const STACK_BYTES = 8192;
const skipped = skipReason("cortex-m7");
const { prefix, command, args } = EMULATORS["cortex-m7"];

const port = join(root, "csrc/port");
const INCLUDES = ["csrc", "csrc/include", "csrc/port", "test/native"].map(
  (folder) => `-I${join(root, folder)}`,
);
const WARNINGS = ["-Wall", "-Wextra", "-Werror"];
const ASSEMBLY = "-DMLM_CORTEX_M7_ASM";

function tool(name: string, parameters: readonly string[]): string {
  return execFileSync(`${prefix}${name}`, parameters, { encoding: "utf8" });
}

/** Compiles `sources` with `flags`; their object files' names end in `suffix`. */
function compile(folder: string, sources: string[], flags: string[], suffix: string): string[] {
  return sources.map((source) => {
    const object = join(folder, `${basename(source, ".c")}${suffix}.o`);
    tool("gcc", ["-std=c11", ...flags, ...INCLUDES, ...WARNINGS, "-c", source, "-o", object]);
    return object;
  });
}

/** One relocatable file of objects, every name that they define beginning with plain_. */
function linkPlain(folder: string, objects: string[]): string {
  const file = join(folder, "plain.o");
  tool("gcc", ["-r", "-nostdlib", ...objects, "-o", file]);
  const names = tool("nm", ["-g", "--defined-only", file]).match(/\b(mlm|v4)_\w+$/gm) ?? [];
  tool("objcopy", [...names.map((name) => `--redefine-sym=${name}=plain_${name}`), file]);
  return file;
}

function buildKernelTest(fpu: string): string {
  const folder = buildFolder(`kernels-${fpu}`);
  mkdirSync(folder, { recursive: true });
  const flags = ["-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", `-mfpu=${fpu}`, "-O2"];
  flags.push("-ffp-contract=off", "-fno-math-errno");
  const kernels = readdirSync(join(root, "csrc/kernels"))
    .filter((file) => file.endsWith(".c"))
    .map((file) => join(root, "csrc/kernels", file));
  const board = ["startup.c", "emulator.c"].map((file) => join(port, "cortex-m7", file));
  const program = [join(root, "test/native/kernel_test.c"), join(port, "print.c"), ...board];
  const image = join(folder, "kernel_test.elf");
  tool("gcc", [
    ...flags,
    ...compile(folder, [...kernels, ...program], [...flags, ASSEMBLY], ""),
    linkPlain(folder, compile(folder, kernels, flags, "_plain")),
    ...["-nostartfiles", `-L${join(port, "cortex-m7")}`, "-Temulator-dtcm.ld"],
    ...[`-Wl,--defsym=STACK_BYTES=${STACK_BYTES}`, "-o", image],
  ]);
  return image;
}

describe.skipIf(skipped !== "")(`kernels on a Cortex-M7${skipped}`, { timeout: TIMEOUT_MS }, () => {
  test.each(["fpv5-d16", "fpv5-sp-d16"])("assembly and portable C: the same bits, %s", (fpu) => {
    const { stdout } = spawnSync(command, [...args, "-kernel", buildKernelTest(fpu)], {
      encoding: "utf8",
      timeout: TIMEOUT_MS,
    });
    expect(stdout).not.toContain("FAIL");
    expect(stdout).toMatch(/^ \d+ passed, 0 failed$/m);
  });
});
