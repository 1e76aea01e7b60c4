/** What a user adds to an exported project: variables, interrupt handlers, a loop over windows, labels. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { cortexM } from "../../ts/firmware/cortex-m.js";
import { EMULATED_TARGETS, type EmulatedTarget, type Files } from "../../ts/firmware/index.js";
import { buildProject } from "../../ts/firmware/node.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import type { Network } from "../../ts/node.js";
import { exponentsRunOut } from "../unit/core/networks.js";
import { buildAndRun, edited, project, spotter, textOf, write } from "./projects.js";
import { blobOf, skipReason } from "./support.js";

const TIMEOUT_MS = 300_000;
const FAULT_STATUS = 125;
const SUCCESS = "    return equal ? 0 : BITS_DIFFER;\n";
const noArm = skipReason("cortex-m7");

/** The project with a file of the user's, whose `user_main` ends the program. */
function withUserFile(files: Files, text: string): Files {
  return edited(
    edited(
      files,
      "port/app.c",
      "int port_main(void) {",
      "int user_main(void);\nint port_main(void) {",
    ),
    "port/app.c",
    SUCCESS,
    "    return equal ? user_main() : BITS_DIFFER;\n",
  ).set("port/app-user.c", text);
}

/** Names that stood for a linker script's own sections, and others, of every storage. */
const NAMES = ["alpha", "echo", "zeta", "arena", "emulator", "mambalite", "noinit"];

const VARIABLES = `#include "port.h"
#include "print.h"

int user_main(void);

${NAMES.map(
  (name, i) => `uint32_t ${name};
uint32_t ${name}_common[3];
static volatile uint32_t ${name}_static;
uint32_t ${name}_data = ${i + 10}u;
static volatile uint32_t ${name}_static_data = ${i + 30}u;
const uint32_t ${name}_const = ${i + 50}u;
`,
).join("")}
__attribute__((section(".noinit"))) volatile uint32_t kept;

int user_main(void) {
    kept = 1;
${NAMES.map(
  (name) => `    port_write("${name}");
    print_number(${name});
    print_number(${name}_common[0] | ${name}_common[1] | ${name}_common[2]);
    print_number(${name}_static);
    print_number(${name}_data);
    print_number(${name}_static_data);
    print_number(*(const volatile uint32_t *)&${name}_const);
    port_write("\\n");
`,
).join("")}    return 0;
}
`;

const EXPECTED_VARIABLES = NAMES.map((name, i) => `${name} 0 0 0 ${i + 10} ${i + 30} ${i + 50}\n`);

describe.each(EMULATED_TARGETS)("variables on %s", (target) => {
  const skipped = skipReason(target);
  test.skipIf(skipped !== "")(
    `are zero, initialised or const, whatever their names${skipped}`,
    { timeout: TIMEOUT_MS },
    async () => {
      const { network, input: few } = exponentsRunOut(8, 4);
      const model = await blobOf(network);
      const files = withUserFile(
        withFilledRam(target, await project(target, { model, input: few })),
        VARIABLES,
      );
      const { stdout, status } = await buildAndRun(`variables-${target}`, files, target);
      expect(stdout).toContain("bits equal to the simulation's\n");
      expect(stdout.slice(-EXPECTED_VARIABLES.join("").length)).toBe(EXPECTED_VARIABLES.join(""));
      expect(status).toBe(0);
    },
  );
});

/**
 * RAM is zero in an emulator: this fills it with something else, as a board's is, from the data to the
 * stack, before start-up copies and clears.
 */
function withFilledRam(target: EmulatedTarget, files: Files): Files {
  if (cortexM(target) === undefined) {
    const copy = "    memcpy(data_start, data_load,";
    const fill = "    memset(data_start, 0xEE, (size_t)(stack_limit - data_start));\n";
    return edited(files, "port/machine.c", copy, fill + copy);
  }
  const call = "    clear_and_copy();\n";
  const fill =
    "    for (uint32_t *word = data_start; word < stack_limit;) *word++ = 0xEEEEEEEEu;\n";
  return edited(files, "port/startup.c", call, fill + call);
}

/** CMSDK APB timers (Arm DDI 0479) of the mps2-an500, interrupts 8 and 9. */
function timerProgram(timer: number, handler: string): string {
  const base = `0x4000${timer}000u`;
  return `#include "port.h"
#include "print.h"
#include "startup.h"

#define TIMER_CTRL ${base}
#define TIMER_VALUE (${base} + 4u)
#define TIMER_RELOAD (${base} + 8u)
#define TIMER_INTCLEAR (${base} + 12u)
#define NVIC_ISER0 0xE000E100u

int user_main(void);
static volatile uint32_t ticks;
${handler}
int user_main(void) {
    REGISTER(TIMER_CTRL) = 0;
    REGISTER(TIMER_RELOAD) = 1000;
    REGISTER(TIMER_VALUE) = 1000;
    REGISTER(NVIC_ISER0) = 1u << ${8 + timer};
    REGISTER(TIMER_CTRL) = 9; /* enable, interrupt */
    while (ticks < 5) {
    }
    port_write("ticks");
    print_number(ticks);
    port_write("\\n");
    return 0;
}
`;
}

const HANDLER = `
void TIMER0_IRQHandler(void);
void TIMER0_IRQHandler(void) {
    REGISTER(TIMER_INTCLEAR) = 1;
    ticks++;
}
`;

describe.skipIf(noArm !== "")(`interrupts${noArm}`, { timeout: TIMEOUT_MS }, () => {
  test("a handler of the user's takes the place of the weak one", async () => {
    for (const target of ["cortex-m7", "stm32h7"] as const) {
      const files = withUserFile(await project(target), timerProgram(0, HANDLER));
      const { folder, stdout, status } = await buildAndRun(`timer-${target}`, files, "cortex-m7", {
        MAMBALITE_MACHINE: "emulator",
      });
      expect(stdout).toMatch(/\nticks 5\n$/);
      expect(readFileSync(`${folder}/build/firmware.elf`).includes("clock_init")).toBe(false);
      expect(status).toBe(0);
    }
  });

  test("an interrupt without a handler names itself", async () => {
    const files = withUserFile(await project("cortex-m7"), timerProgram(1, ""));
    const { stdout, status } = await buildAndRun("timer-unhandled", files);
    expect(stdout).toMatch(/\nunhandled: TIMER1_IRQHandler, exception 25\nfault\n$/);
    expect(status).toBe(FAULT_STATUS);
  });

  test("every interrupt of the STM32H743 has a weak handler at its place in the table", async () => {
    const files = await project("stm32h7");
    const lines = [...textOf(files, "port/stm32h743-interrupts.h").matchAll(LINE)];
    expect(lines.map(([, , position]) => Number(position))).toEqual(lines.map((_, i) => i));
    expect(lines).toHaveLength(150);
    const names = lines.flatMap(([, , position, name]) => (name ? [[name, position]] : []));
    expect(names).toHaveLength(139);
    const at = new Map(names.map(([name, position]) => [name, Number(position)]));
    for (const [name, position] of KNOWN) expect(at.get(name), name).toBe(position);

    const override = "void WAKEUP_PIN_IRQHandler(void);\nvoid WAKEUP_PIN_IRQHandler(void) {}\n";
    const folder = write("stm32h7-vectors", new Map(files).set("port/app-user.c", override));
    await buildProject(folder, "stm32h7");
    const elf = readFileSync(`${folder}/build/firmware.elf`);
    expect(elf.includes("clock_init")).toBe(true);
    const table = vectorTable(elf);
    expect(table).toHaveLength(16 + 150);
    const [fallback] = table.slice(16);
    expect(table.slice(16, -1).every((entry) => entry === fallback)).toBe(true);
    expect(table.at(-1)).not.toBe(fallback);
  });
});

const LINE = /^(INTERRUPT|RESERVED)\((\d+)(?:, (\w+))?\)$/gm;
/** Some of ST's numbers, from all over the table. */
const KNOWN: readonly (readonly [string, number])[] = [
  ["WWDG", 0],
  ["EXTI0", 6],
  ["ADC", 18],
  ["TIM2", 28],
  ["USART3", 39],
  ["DMA2_Stream5", 68],
  ["FPU", 81],
  ["SAI1", 87],
  ["DFSDM1_FLT0", 110],
  ["BDMA_Channel0", 129],
  ["WAKEUP_PIN", 149],
];

/** The words of the section .vectors of a 32-bit ELF file. */
function vectorTable(elf: Buffer): number[] {
  const [sections, size, count, strings] = [0x20, 0x2e, 0x30, 0x32].map((at) =>
    at === 0x20 ? elf.readUInt32LE(at) : elf.readUInt16LE(at),
  ) as [number, number, number, number];
  const header = (i: number, field: number) => elf.readUInt32LE(sections + i * size + field);
  const nameOf = (i: number) => {
    const start = header(strings, 0x10) + header(i, 0);
    return elf.toString("latin1", start, elf.indexOf(0, start));
  };
  const index = Array.from({ length: count }, (_, i) => i).find((i) => nameOf(i) === ".vectors")!;
  const bytes = elf.subarray(header(index, 0x10), header(index, 0x10) + header(index, 0x14));
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(4 * i));
}

describe.skipIf(noArm !== "")(`the example${noArm}`, { timeout: TIMEOUT_MS }, () => {
  test("NaN in the simulation is met by NaN on the machine, whatever its payload", async () => {
    const input = (spotter.inputs[0] as Float32Array).slice().fill(Number.NaN);
    const files = await project("cortex-m7", { input });
    const example = textOf(files, "port/example.c");
    const [head = "", outputs = ""] = example.split("example_outputs");
    expect(outputs).toMatch(/0x[7f]fc00000/);
    const other = `${head}example_outputs${outputs.replaceAll(/0x[7f]fc00000/g, "0xffc12345")}`;
    const met = await buildAndRun("nan", new Map(files).set("port/example.c", other));
    expect(met.stdout).toMatch(/\nbits equal to the simulation's\n$/);
    const number = `${head}example_outputs${outputs.replace(/0x[7f]fc00000/, "0x3f800000")}`;
    const unmet = await buildAndRun("nan", new Map(files).set("port/example.c", number));
    expect(unmet.stdout).toMatch(/\nbits differ from the simulation's\n$/);
  });

  test("labels: what a terminal would obey is escaped, other languages are not", async () => {
    const { network, input } = exponentsRunOut(8, 4);
    const LOGITS = 7;
    const label = "\u001b[31mred\u0007\r\n a\u009bb\u202ec\u2066d straße 漢字 😀 \u007f\\";
    const escaped =
      "\\x1b[31mred\\x07\\x0d\\x0a a\\xc2\\x9bb\\xe2\\x80\\xaec\\xe2\\x81\\xa6d straße 漢字 😀 \\x7f\\";
    const labelled: Network = { ...network, labels: Array.from({ length: LOGITS }, () => label) };
    const files = await project("cortex-m7", { model: await blobOf(labelled), input });
    const { stdout } = await buildAndRun("labels", files);
    expect(/^class \d+ (.*)$/m.exec(stdout)?.[1]).toBe(escaped);
  });

  test.each([
    ["frames", "float", () => ({})],
    ["samples", "float", () => bundledSamples("blob")],
    ["samples", "int16_t", () => bundledSamples("integers")],
  ] as const)(
    "the README's loop over windows of %s, %s, gives each window the outputs of a run",
    async (kind, type, options) => {
      const files = await project("cortex-m7", options());
      const [, loop = ""] = /```c\n([\s\S]*?)```/.exec(textOf(files, "README.md")) ?? [];
      expect(loop).toContain("mlm_session_reset(session);");
      const program = windowsProgram(loop, kind, type);
      const ended = edited(
        edited(files, "port/app.c", "int port_main(void) {", `${DECLARED}int port_main(void) {`),
        "port/app.c",
        SUCCESS,
        "    (void)equal;\n    return (int)run_windows(session);\n",
      ).set("port/app-windows.c", program);
      const { stdout, status } = await buildAndRun(`windows-${kind}-${type}`, ended);
      expect(stdout).toMatch(/(\nwindow equal){3}\n$/);
      expect(status).toBe(0);
    },
  );
});

const DECLARED = "mlm_status run_windows(mlm_session *session);\n";

/** The README's loop, with an endless source of the example's input under it. */
function windowsProgram(loop: string, kind: string, type: string): string {
  return `#include <string.h>

#include "example.h"
#include "mlm.h"
#include "model_blob.h"
#include "model_plan.h"
#include "port.h"
#include "startup.h"

${DECLARED}
${loop}
void read_${kind}(${type} *${kind}, uint32_t count) {
    static uint32_t at;
    memcpy(${kind}, (const char *)example_input + at * MODEL_INPUT_BYTES, count * MODEL_INPUT_BYTES);
    at = (at + count) % EXAMPLE_LENGTH;
}

void use_vectors(const float *vectors) {
    static int windows;
    const int equal = memcmp(vectors, example_outputs, MODEL_VECTOR_FLOATS * sizeof(float)) == 0;
    port_write(equal ? "window equal\\n" : "window differs\\n");
    if (++windows == 3) machine_exit(0);
}
`;
}

/** Half a second of noise for the bundled model that takes audio. */
function bundledSamples(form: "blob" | "integers") {
  const found = BUNDLED_MODELS.find(({ name }) => name !== "har")!;
  const blob = form === "blob" ? found.blob : found.integers.blob;
  const input = new Float32Array(8000).map((_, i) => Math.sin(i * i) / 8);
  return { model: new Uint8Array(readFileSync(blob)), input };
}
