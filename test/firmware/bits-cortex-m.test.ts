/** The bits of the Cortex-M besides the M7: the bundled har, and what floats in software could spoil. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readNpy } from "../../ts/checkpoint/index.js";
import { BOARDS } from "../../ts/device/index.js";
import { CORTEX_M, cortexM, variantsOf } from "../../ts/firmware/cortex-m.js";
import type { Verification } from "../../ts/firmware/node.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import { exponentsRunOut } from "../unit/core/networks.js";
import { blobOf, buildFolder, type Case, goldenCase, skipReason, verifyCase } from "./support.js";

const TIMEOUT_MS = 300_000;
/** Of har's 9 channels: floats in software take 6 million instructions a frame on a Cortex-M0. */
const FRAMES = 16;
const CHANNELS = 9;
const ALIGNMENT = 16;
const TARGETS = ["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m33"] as const;

/** Each example's beginning, and one between the smallest numbers and the largest. */
function har(): Case {
  const { blob, examples } = BUNDLED_MODELS.find(({ name }) => name === "har")!;
  const recorded = examples.map(({ url }) => {
    const { data } = readNpy(readFileSync(url));
    return Float32Array.from(data.slice(0, FRAMES * CHANNELS));
  });
  const far = recorded[0]!.map((value, i) => value * 2 ** ((i % 7) * 40 - 140));
  return { name: "har", blob: new Uint8Array(readFileSync(blob)), inputs: [...recorded, far] };
}

function expectAllEqual({ items, equalItems, images }: Verification): void {
  expect(equalItems).toBe(items);
  for (const { arena, plan } of images) {
    expect(arena.guardsIntact).toBe(true);
    expect(arena.highWaterBytes).toBeLessThanOrEqual(plan.arenaBytes);
  }
}

describe.each(TARGETS)("firmware for %s", (target) => {
  const skipped = skipReason(target);
  const check = test.skipIf(skipped !== "");

  check(`har: bits, arena, instructions${skipped}`, { timeout: TIMEOUT_MS }, async () => {
    const options = { execution: { schedule: "stream" } } as const;
    const verification = await verifyCase(target, har(), options);
    expectAllEqual(verification);
    const [image] = verification.images;
    const { highWaterBytes } = image!.arena;
    expect(Math.ceil(highWaterBytes / ALIGNMENT) * ALIGNMENT).toBe(image!.plan.arenaBytes);
    // Counted twice, and stepping costs a little more than a run: the timer tells instructions.
    const stepped = image!.operators.reduce((sum, count) => sum + count, 0);
    expect(image!.total).toBeGreaterThan(100_000);
    expect(stepped / image!.total).toBeGreaterThan(1);
    expect(stepped / image!.total).toBeLessThan(1.4);
  });

  check(`a stack of layers, frames and tokens${skipped}`, { timeout: TIMEOUT_MS }, async () => {
    const boards = { board: BOARDS.find(({ id }) => id === CORTEX_M[target].boards.at(-1))! };
    for (const name of ["stack_rms_d7_l2_t37", "lm_tied_d30_l2_t37"]) {
      expectAllEqual(await verifyCase(target, await goldenCase(name, 12), boards));
    }
  });

  check.each([8, 5])(
    `exponents that run out, %i states${skipped}`,
    { timeout: TIMEOUT_MS },
    async (states) => {
      const { network, input } = exponentsRunOut(states, 40);
      const model = { name: "clamping", blob: await blobOf(network), inputs: [input] };
      expectAllEqual(await verifyCase(target, model));
    },
  );
});

const noArm = skipReason("cortex-m4");

/** Instructions of one run of har. */
async function instructions(target: "cortex-m4" | "cortex-m33", assembly: "ON" | "OFF") {
  const { images } = await verifyCase(target, har(), {
    execution: { schedule: "stream" },
    settings: { MAMBALITE_ASM: assembly },
    folder: buildFolder(`${target}-assembly-${assembly}`),
  });
  return images[0]!.total;
}

/** Of har; 1.5 times fewer than the portable C took when the assembly was made, which has become faster since. */
const MOST_INSTRUCTIONS = { "cortex-m4": 1_011_000, "cortex-m33": 968_000 };

test.skipIf(noArm !== "").each(["cortex-m4", "cortex-m33"] as const)(
  `the assembly of the Cortex-M7 serves %s${noArm}`,
  { timeout: TIMEOUT_MS },
  async (target) => {
    const assembly = await instructions(target, "ON");
    expect(assembly).toBeLessThanOrEqual(MOST_INSTRUCTIONS[target]);
    expect(assembly).toBeLessThan(await instructions(target, "OFF"));
  },
);

test("every row of the table has a linker script, a machine and boards", () => {
  const port = join(import.meta.dirname, "../../csrc/port");
  for (const [target, row] of Object.entries(CORTEX_M)) {
    expect(cortexM(target)).toBe(row);
    expect(variantsOf(row)).toHaveLength(row.fpus.length);
    for (const file of ["emulator-machine.c", "emulator-interrupts.h"]) {
      expect(readFileSync(join(port, row.machine, file), "utf8")).toContain(file);
    }
    for (const id of row.boards) {
      const { regions, core, fpu } = BOARDS.find((board) => board.id === id)!;
      const arena = target === "cortex-m7" ? "dtcm" : regions[0]!.id;
      expect(readFileSync(join(port, target, `emulator-${arena}.ld`), "utf8")).toContain("@BOARD@");
      expect(core).toContain(row.core);
      expect(fpu === "none").toBe(row.assembly === "");
    }
  }
});
