/** Every kernel against its plain loops (test/native/kernel) on the emulated machines, built as projects build the core. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { opList } from "../../csrc/op-list.mjs";
import { EMULATED_TARGETS, type EmulatedTarget, type Files } from "../../ts/firmware/index.js";
import { EMULATORS, readSources } from "../../ts/firmware/node.js";
import { buildAndRun, edited, project } from "./projects.js";
import { root, skipReason } from "./support.js";

const TIMEOUT_MS = 600_000;
const STACK_BYTES = 16384;
/** Of the special cases that are counted, where floating point is in software. */
const EVERY: Readonly<Record<string, number>> = {
  double: 7,
  single: 7,
  hard: 7,
  soft: 41,
  lx106: 41,
};

const tests = join(root, "test/native");

function everyKernel(): [string, string][] {
  const sources = [...readSources()];
  const kernels = sources
    .filter(([path]) => /^kernels\/.*\.c$/.test(path))
    .map(([path, text]) => ({ name: path.replace("kernels/", ""), text }));
  return [
    ...sources
      .filter(([path]) => /^(include|core|math|kernels)\//.test(path))
      .map(([path, text]): [string, string] => [`src/${path.replace("include/", "")}`, text]),
    ["src/op_list.h", opList(kernels)],
  ];
}

/** The test's files, and a file for each that the build finds, which the program's begin with app. */
function testFiles(every: number): [string, string][] {
  const read = (path: string) => readFileSync(join(tests, path), "utf8");
  const files = readdirSync(join(tests, "kernel"));
  return [
    ["port/random.h", read("random.h")],
    ...files.map((file): [string, string] => [`port/kernel/${file}`, read(`kernel/${file}`)]),
    ...files
      .filter((file) => file.endsWith(".c"))
      .map((file): [string, string] => [
        `port/app-${file}`,
        `#define KERNEL_TEST_EVERY ${every}\n#include "kernel/${file}"\n`,
      ]),
    [
      "port/app.c",
      '#include "kernel/kernel_test.h"\n#include "port.h"\n\n' +
        "int port_main(void) { return kernel_test(port_write); }\n",
    ],
  ];
}

/** All of RAM where the emulator's own memory is: the test has more static memory than a board. */
function inEmulatorsMemory(files: Files, script: string): Files {
  const text = String(files.get(script));
  const memory = /EMULATOR \(rw\) : ORIGIN = 0x(\w+), LENGTH = 16M/.exec(text)?.[1] ?? "";
  const upper = (Number.parseInt(memory, 16) + (8 << 20)).toString(16);
  return new Map(files).set(
    script,
    text
      .replace(/RAM \(rw\) .*/, `RAM (rw) : ORIGIN = 0x${memory}, LENGTH = 8M`)
      .replace(/EMULATOR \(rw\) .*/, `EMULATOR (rw) : ORIGIN = 0x${upper}, LENGTH = 8M`),
  );
}

/** The linker script that says where memories are. */
function scriptOf(files: Files): string {
  const arena = /set\(MODEL_ARENA (\w+)\)/.exec(String(files.get("model.cmake")))?.[1];
  const script = `port/emulator-${arena}.ld`;
  return files.has(script) ? script : "port/sections.ld";
}

async function kernelProject(target: EmulatedTarget, every: number): Promise<Files> {
  const files = new Map([...(await project(target)), ...everyKernel(), ...testFiles(every)]);
  const placed = inEmulatorsMemory(files, scriptOf(files));
  return edited(placed, "model.cmake", stackLine(placed), `set(MODEL_STACK_BYTES ${STACK_BYTES}`);
}

function stackLine(files: Files): string {
  return /set\(MODEL_STACK_BYTES \d+/.exec(String(files.get("model.cmake")))?.[0] ?? "no line";
}

describe.each(EMULATED_TARGETS)("kernels on %s", (target) => {
  const skipped = skipReason(target);

  test.skipIf(skipped !== "").each([...EMULATORS[target].variants])(
    `give the bits of plain loops, $description${skipped}`,
    { timeout: TIMEOUT_MS },
    async ({ name, settings }) => {
      const files = await kernelProject(target, EVERY[name] ?? 1);
      const { stdout, status } = await buildAndRun(
        `kernels-${target}-${name}`,
        files,
        target,
        settings,
      );
      expect(stdout).not.toContain("FAIL");
      expect(stdout).toMatch(/^\d+ passed, 0 failed$/m);
      expect(status).toBe(0);
    },
  );
});
