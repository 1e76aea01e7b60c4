/**
 * The decoders against binutils, over every kernel of this project as each target's compiler makes it: lengths and
 * mnemonics of all instructions. Whole firmware is in test/firmware/board-time.test.ts.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildHeaders } from "../../csrc/op-list.mjs";
import { outputOf } from "../../ts/firmware/process.js";
import { RISCV as RISCV_ALL, THUMB } from "./all-instructions.js";
import { riscvProblems, thumbProblems } from "./names.js";
import { listing } from "./objdump.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const kernels = join(root, "csrc/kernels");
const files = readdirSync(kernels).filter((name) => name.endsWith(".c"));
const scratch = mkdtempSync(join(tmpdir(), "mambalite-decoders-"));
const TIMEOUT_MS = 300_000;
const MANY = 5000;

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

beforeAll(() => {
  const texts = files.map((name) => ({ name, text: readFileSync(join(kernels, name), "utf8") }));
  for (const [name, text] of buildHeaders(texts)) writeFileSync(join(scratch, name), text);
});

/** The objects that a compiler makes of the kernels, in a folder of their own. */
function objectsOf(prefix: string, name: string, flags: readonly string[]): string[] {
  const cwd = join(scratch, name);
  mkdirSync(cwd);
  const args = [
    ...["-std=c11", "-O2", "-ffp-contract=off", "-fno-math-errno", "-w", "-c"],
    ...[`-I${join(root, "csrc/include")}`, `-I${join(root, "csrc")}`, `-I${scratch}`, ...flags],
    ...files.map((file) => join(kernels, file)),
  ];
  execFileSync(`${prefix}gcc`, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  return readdirSync(cwd).map((file) => join(cwd, file));
}

const ARM = "arm-none-eabi-";
const RISCV = "riscv64-unknown-elf-";
const has = (prefix: string) => outputOf(`${prefix}gcc`, ["--version"]) !== undefined;

/** The listing of lines that a compiler has assembled. */
function assembled(prefix: string, lines: readonly string[], head: string, flags: string[]) {
  const object = join(scratch, `${prefix}all.o`);
  const source = join(scratch, `${prefix}all.s`);
  writeFileSync(source, `${head}\n${lines.join("\n")}\n`);
  execFileSync(`${prefix}as`, [...flags, source, "-o", object]);
  return object;
}

const CORTEX_M: Readonly<Record<string, readonly string[]>> = {
  "cortex-m7": ["-mfloat-abi=hard", "-mfpu=fpv5-d16", "-DMLM_CORTEX_M7_ASM"],
  "cortex-m4": ["-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-DMLM_CORTEX_M4_ASM"],
  "cortex-m0": [],
};

describe.skipIf(!has(ARM))("Thumb", { timeout: TIMEOUT_MS }, () => {
  test("one of each", () => {
    const flags = ["-mcpu=cortex-m7", "-mfpu=fpv5-d16"];
    const object = assembled(ARM, THUMB, ".syntax unified\n.thumb", flags);
    const lines = listing(`${ARM}objdump`, [object]);
    expect(lines.length).toBe(THUMB.length);
    expect(thumbProblems(lines)).toEqual([]);
  });

  test.each(Object.entries(CORTEX_M))("%s", (core, flags) => {
    const objects = objectsOf(ARM, core, [`-mcpu=${core}`, "-mthumb", ...flags]);
    const lines = listing(`${ARM}objdump`, objects);
    expect(lines.length).toBeGreaterThan(MANY);
    expect(thumbProblems(lines)).toEqual([]);
  });
});

describe.skipIf(!has(RISCV))("RISC-V", { timeout: TIMEOUT_MS }, () => {
  test("one of each", () => {
    const object = assembled(RISCV, RISCV_ALL, "", ["-march=rv32imafc_zicsr_zifencei"]);
    const lines = listing(`${RISCV}objdump`, [object], ["-M", "no-aliases"]);
    expect(lines.length).toBe(RISCV_ALL.length);
    expect(riscvProblems(lines)).toEqual([]);
  });

  test.each([
    ["rv32imafc", "ilp32f"],
    ["rv32imc", "ilp32"],
  ])("%s", (isa, abi) => {
    const flags = [`-march=${isa}`, `-mabi=${abi}`, "--specs=picolibc.specs"];
    const objects = objectsOf(RISCV, isa, flags);
    const lines = listing(`${RISCV}objdump`, objects, ["-M", "no-aliases"]);
    expect(lines.length).toBeGreaterThan(MANY);
    expect(riscvProblems(lines)).toEqual([]);
  });
});
