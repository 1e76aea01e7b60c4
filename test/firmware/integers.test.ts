/**
 * Networks of integers in firmware: the bundled har, calibrated with its three examples, on every emulated core,
 * whatever it has for floats; also far outside of what it was calibrated for.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readCheckpoint, readNpy, toNetwork } from "../../ts/checkpoint/index.js";
import { readFrontEnd, withFrontEnd } from "../../ts/frontend/index.js";
import { BUNDLED_MODELS } from "../../ts/models/index.js";
import { Engine, quantizeNetwork } from "../../ts/node.js";
import { type Case, skipReason, verifyCase } from "./support.js";

const TIMEOUT_MS = 300_000;
const TARGETS = [
  "cortex-m0",
  "cortex-m3",
  "cortex-m4",
  "cortex-m7",
  "cortex-m33",
  "riscv32",
] as const;

const har = BUNDLED_MODELS.find(({ name }) => name === "har")!;
const recorded = har.examples.map(({ url }) => Float32Array.from(readNpy(readFileSync(url)).data));

async function harOfIntegers(stateBits: 16 | 32): Promise<Case> {
  const engine = await Engine.load({ simd: "off" });
  try {
    const plain = toNetwork(readCheckpoint(readFileSync(har.checkpoint)));
    const network = withFrontEnd(plain, readFrontEnd(readFileSync(har.frontEnd)));
    const source = { count: recorded.length, item: (index: number) => recorded[index]! };
    const options = { stateBits, shares: false };
    const { blob } = await quantizeNetwork(engine, network, source, options);
    const far = recorded[0]!.map((value, i) => value * 2 ** ((i % 7) * 3));
    return { name: `har, states of ${stateBits}`, blob, inputs: [...recorded, far] };
  } finally {
    engine.dispose();
  }
}

describe.each(TARGETS)("integers on %s", (target) => {
  const skipped = skipReason(target);
  test.skipIf(skipped !== "").each([16, 32] as const)(
    `states of %i bits: the bits of WebAssembly${skipped}`,
    async (stateBits) => {
      const { items, equalItems, images } = await verifyCase(
        target,
        await harOfIntegers(stateBits),
        { execution: { schedule: "stream", tile: stateBits === 16 ? 1 : 3 } },
      );
      expect(equalItems).toBe(items);
      for (const { arena } of images) expect(arena.guardsIntact).toBe(true);
    },
    TIMEOUT_MS,
  );
});
