/** What the keyword spotter may cost on a Cortex-M7: instructions, RAM, stack, flash. */
import { describe, expect, test } from "vitest";
import type { ImageReport } from "../../ts/firmware/node.js";
import { buildFolder, keywordSpotter, skipReason, verifyCase } from "./support.js";

const TIMEOUT_MS = 300_000;
const KIB = 1024;

const skipped = skipReason("cortex-m7");

async function image(tile: number, settings: Record<string, string> = {}): Promise<ImageReport> {
  const { images } = await verifyCase("cortex-m7", await keywordSpotter(1), {
    execution: { schedule: "stream", tile },
    variants: ["double"],
    settings,
    folder: buildFolder(`cortex-m7-budget${Object.values(settings).join("")}`),
  });
  return images[0]!;
}

describe.skipIf(skipped !== "")(`cost on a Cortex-M7${skipped}`, { timeout: TIMEOUT_MS }, () => {
  test("memory, and instructions at tile 1, to the instruction", async () => {
    const first = await image(1);
    const { stack } = first;
    expect(first.total).toBeLessThanOrEqual(9_500_000);
    expect(Math.max(stack.open, stack.init, stack.selfTest, stack.run)).toBeLessThanOrEqual(KIB);
    expect(first.arena.highWaterBytes + first.staticBytes + stack.init).toBeLessThanOrEqual(
      16 * KIB,
    );
    expect(first.codeBytes).toBeLessThanOrEqual(24 * KIB);
    const { total, operators } = await image(1);
    expect({ total, operators }).toEqual({ total: first.total, operators: first.operators });
  });

  test("instructions at tile 4", async () => {
    expect((await image(4)).total).toBeLessThanOrEqual(9_200_000);
  });

  test("instructions of the portable C alone", async () => {
    expect((await image(1, { MAMBALITE_ASM: "OFF" })).total).toBeLessThanOrEqual(18_000_000);
  });
});
