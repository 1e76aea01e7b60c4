/**
 * The integer kernels against plain loops (test/native/integer_*_test.c) on the emulated machines, whose assembly no
 * other test feeds with shifts, sizes and states out of the ordinary.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EMULATORS } from "../../ts/firmware/node.js";
import { kernelProject } from "./kernel-projects.js";
import { buildAndRun } from "./projects.js";
import { root, skipReason } from "./support.js";

const TIMEOUT_MS = 600_000;
/** A variant of each instruction set: floats are not at work here. */
const TARGETS = [
  ["cortex-m0", "soft"],
  ["cortex-m3", "soft"],
  ["cortex-m4", "single"],
  ["cortex-m7", "double"],
  ["riscv32", "soft"],
] as const;
const PROGRAMS = [
  {
    name: "integer_scan_test",
    others: [],
    cases: { INTEGER_SCAN_CASES: 70, INTEGER_EXPONENTS_EVERY: 31 },
  },
  { name: "integer_test", others: ["integer_rig.h"], cases: { INTEGER_TEST_TIMES: 300 } },
] as const;

const tests = join(root, "test/native");
const read = (path: string) => readFileSync(join(tests, path), "utf8");

/** Of <stdio.h> what the tests use: texts without their numbers. */
const STDIO = `#ifndef TEST_STDIO_H
#define TEST_STDIO_H
#include "port.h"
#include "print.h"
#include <stdarg.h>
#define stdout 0
static inline int fflush(int stream) { return stream; }
static inline int putchar(int letter) {
    const char text[2] = {(char)letter, 0};
    port_write(text);
    return letter;
}
static inline int vprintf(const char *format, va_list arguments) {
    for (const char *at = format; *at; at++) {
        if (*at != '%') {
            putchar(*at);
        } else if (*++at == 's') {
            port_write(va_arg(arguments, const char *));
        } else if (*at == 'u' || *at == 'd') {
            print_number(va_arg(arguments, uint32_t));
        } else {
            port_write(format);
            break;
        }
    }
    return 0;
}
static inline int printf(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int result = vprintf(format, arguments);
    va_end(arguments);
    return result;
}
#endif
`;

/** Of <stdlib.h>: how a test gives up. */
const STDLIB = `#ifndef TEST_STDLIB_H
#define TEST_STDLIB_H
#include "port.h"
static inline _Noreturn void abort(void) {
    port_write("FAIL: gave up");
    for (;;) (void)0;
}
static inline _Noreturn void exit(int status) {
    (void)status;
    abort();
}
#endif
`;

function definesOf(cases: Readonly<Record<string, number>>): string {
  return Object.entries(cases)
    .map(([name, value]) => `#define ${name} ${value}\n`)
    .join("");
}

function programOf({ name, others, cases }: (typeof PROGRAMS)[number]): [string, string][] {
  return [
    ["port/stdio.h", STDIO],
    ["port/stdlib.h", STDLIB],
    ...["harness.h", "random.h", ...others].map((file): [string, string] => [
      `port/${file}`,
      read(file),
    ]),
    [`port/${name}.h`, read(`${name}.c`)],
    [
      "port/app.c",
      `${definesOf(cases)}#define main test_main\n#include "${name}.h"\n` +
        "int port_main(void) { return test_main(0, 0); }\n",
    ],
  ];
}

describe.each(TARGETS)("integer kernels on %s", (target, variant) => {
  const skipped = skipReason(target);
  test.skipIf(skipped !== "").each(PROGRAMS)(
    `$name${skipped}`,
    { timeout: TIMEOUT_MS },
    async (program) => {
      const { settings } = EMULATORS[target].variants.find(({ name }) => name === variant)!;
      const files = await kernelProject(target, programOf(program));
      const { stdout, status } = await buildAndRun(
        `${program.name}-${target}`,
        files,
        target,
        settings,
      );
      expect(stdout).not.toContain("FAIL");
      expect(stdout).toMatch(/ passed, +0 failed/);
      expect(status).toBe(0);
    },
  );
});
