/** Every kernel against its plain loops (test/native/kernel) on the emulated machines, built as projects build the core. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EMULATED_TARGETS } from "../../ts/firmware/index.js";
import { EMULATORS } from "../../ts/firmware/node.js";
import { kernelProject } from "./kernel-projects.js";
import { buildAndRun } from "./projects.js";
import { root, skipReason } from "./support.js";

const TIMEOUT_MS = 600_000;
/** Of the special cases that are counted, where floating point is in software. */
const EVERY: Readonly<Record<string, number>> = {
  double: 17,
  single: 17,
  hard: 17,
  soft: 97,
  lx106: 97,
};

/** Of the sizes and numbers of rows; the native tests and WebAssembly's try all. */
const SIZES_EVERY: Readonly<Record<string, number>> = { soft: 5, lx106: 5 };

const tests = join(root, "test/native");

/** The test's files, and a file for each that the build finds, which the program's begin with app. */
function testFiles(variant: string): [string, string][] {
  const read = (path: string) => readFileSync(join(tests, path), "utf8");
  const files = readdirSync(join(tests, "kernel"));
  return [
    ["port/random.h", read("random.h")],
    ...files.map((file): [string, string] => [`port/kernel/${file}`, read(`kernel/${file}`)]),
    ...files
      .filter((file) => file.endsWith(".c"))
      .map((file): [string, string] => [
        `port/app-${file}`,
        `#define KERNEL_TEST_EVERY ${EVERY[variant] ?? 1}\n` +
          `#define KERNEL_TEST_SIZES_EVERY ${SIZES_EVERY[variant] ?? 1}\n#include "kernel/${file}"\n`,
      ]),
    [
      "port/app.c",
      '#include "kernel/kernel_test.h"\n#include "port.h"\n\n' +
        "int port_main(void) { return kernel_test(port_write); }\n",
    ],
  ];
}

describe.each(EMULATED_TARGETS)("kernels on %s", (target) => {
  const skipped = skipReason(target);

  test.skipIf(skipped !== "").each([...EMULATORS[target].variants])(
    `give the bits of plain loops, $description${skipped}`,
    { timeout: TIMEOUT_MS },
    async ({ name, settings }) => {
      const files = await kernelProject(target, testFiles(name));
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
