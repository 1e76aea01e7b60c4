/**
 * What the keyword spotter may cost on a Cortex-M7: cycles by the model of its pipeline, instructions, RAM, stack, flash;
 * and what the portable C may, here and on RISC-V.
 */
import { describe, expect, test } from "vitest";
import type { ImageReport } from "../../ts/firmware/node.js";
import { buildFolder, keywordSpotter, skipReason, verifyCase } from "./support.js";

const TIMEOUT_MS = 300_000;
const KIB = 1024;

const skipped = skipReason("cortex-m7");

/** Where no memory is waited for. */
const IN_TCM = {
  weights: "dtcm",
  arena: "dtcm",
  code: "itcm",
  data: "dtcm",
  inputs: "dtcm",
} as const;

async function image(
  tile: number,
  settings: Record<string, string> = {},
): Promise<ImageReport & { readonly cycles: number }> {
  const { images, time } = await verifyCase("cortex-m7", await keywordSpotter(1), {
    execution: { schedule: "stream", tile },
    variants: ["double"],
    settings,
    time: { placement: IN_TCM },
    folder: buildFolder(`cortex-m7-budget${Object.values(settings).join("")}`),
  });
  if (time === undefined || "skipped" in time) throw new Error("no trace could be made");
  return { ...images[0]!, cycles: time.total };
}

describe.skipIf(skipped !== "")(`cost on a Cortex-M7${skipped}`, { timeout: TIMEOUT_MS }, () => {
  test("memory, and cycles at tile 1, to the cycle", async () => {
    const first = await image(1);
    const { stack } = first;
    expect(first.cycles).toBeLessThanOrEqual(10_400_000);
    expect(first.total).toBeLessThanOrEqual(15_000_000);
    expect(Math.max(stack.open, stack.init, stack.selfTest, stack.run)).toBeLessThanOrEqual(KIB);
    expect(first.arena.highWaterBytes + first.staticBytes + stack.init).toBeLessThanOrEqual(
      16 * KIB,
    );
    expect(first.codeBytes).toBeGreaterThan(20_000); // nothing of it is left out
    expect(first.codeBytes).toBeLessThanOrEqual(24 * KIB);
    const { total, operators, cycles } = await image(1);
    const again = { total, operators, cycles };
    expect(again).toEqual({
      total: first.total,
      operators: first.operators,
      cycles: first.cycles,
    });
  });

  test("cycles at tile 4", async () => {
    expect((await image(4)).cycles).toBeLessThanOrEqual(9_000_000);
  });

  test("instructions of the portable C alone", async () => {
    expect((await image(1, { MAMBALITE_ASM: "OFF" })).total).toBeLessThanOrEqual(15_000_000);
  });
});

const withoutRiscv = skipReason("riscv32");

describe.skipIf(withoutRiscv !== "")(`cost on RISC-V with its FPU${withoutRiscv}`, () => {
  test("instructions of the portable C", { timeout: TIMEOUT_MS }, async () => {
    const spotter = await keywordSpotter(1);
    const { images } = await verifyCase("riscv32", spotter, {
      execution: { schedule: "stream", tile: 1 },
      variants: ["hard"],
    });
    // Random weights have fewer states that are slow enough for the short way to their exponentials.
    const atMost = spotter.name === "KWS-10" ? 18_120_000 : 18_500_000;
    expect(images[0]!.total).toBeLessThanOrEqual(atMost);
  });
});
