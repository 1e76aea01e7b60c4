/** The detector in emulators against the one in TypeScript: events, confidence bits and memory, for any push. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyDetector } from "../../ts/firmware/node.js";
import { Engine } from "../../ts/node.js";
import { json } from "../cli/support.js";
import { exactDetector, runningDetector, words } from "./detectors.js";
import { buildFolder, skipReason } from "./support.js";

const TIMEOUT_MS = 300_000;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.load();
});
afterAll(() => engine.dispose());

const CASES = [
  ["cortex-m7", "running", runningDetector, 5],
  ["cortex-m7", "exact", exactDetector, 3],
] as const;

describe.each(CASES)("%s, %s", (target, mode, optionsOf, seconds) => {
  const skipped = skipReason(target);
  test.skipIf(skipped !== "")(
    `equal events, averages and bytes for pushes of 1, 160, 333 and 16,000${skipped}`,
    { timeout: TIMEOUT_MS },
    async () => {
      const detector = await optionsOf(engine);
      const { streams } = await verifyDetector({
        ...{ target, detector, seconds, clips: words() },
        folder: buildFolder(`detector-${target}-${mode}`),
      });
      expect(streams.map(({ push }) => push)).toEqual([1, 160, 333, 16_000]);
      expect(streams[0]!.answers).toBeGreaterThan(5);
      expect(streams[0]!.events).not.toEqual([]);
    },
  );
});

const noRiscv = skipReason("riscv32");

test.skipIf(noRiscv !== "")(
  `riscv32: the command line says the same${noRiscv}`,
  { timeout: TIMEOUT_MS },
  () => {
    const args = ["verify", "kws", "--target", "riscv32", "--mode", "running"];
    const report = json([...args, "--seconds", "5", "--json"]);
    expect(report).toMatchObject({ model: "kws", target: "riscv32", variant: "hard", seconds: 5 });
    expect(report.streams.map(({ push }: { push: number }) => push)).toEqual([1, 160, 333, 16_000]);
    const [first, ...others] = report.streams;
    expect(first.events).toHaveLength(1);
    for (const { events } of others) expect(events).toEqual(first.events);
  },
);
