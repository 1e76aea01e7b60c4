/** What the keyword spotter may cost on a Cortex-M7: cycles by the model of its pipeline, instructions, RAM, stack, flash. */
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
    expect(first.cycles).toBeLessThanOrEqual(10_500_000);
    expect(first.total).toBeLessThanOrEqual(14_900_000);
    expect(Math.max(stack.open, stack.init, stack.selfTest, stack.run)).toBeLessThanOrEqual(KIB);
    expect(first.arena.highWaterBytes + first.staticBytes + stack.init).toBeLessThanOrEqual(
      16 * KIB,
    );
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
    expect((await image(4)).cycles).toBeLessThanOrEqual(9_400_000);
  });

  test("instructions of the portable C alone", async () => {
    expect((await image(1, { MAMBALITE_ASM: "OFF" })).total).toBeLessThanOrEqual(18_000_000);
  });
});
