/**
 * Networks of integers in firmware, on every emulated core, whatever it has for floats: the bundled har, calibrated
 * with its three examples, also far outside of what it was calibrated for, and kws-int from samples of 16 bits.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readAudio } from "../../ts/audio/index.js";
import { readCheckpoint, readNpy, toNetwork } from "../../ts/checkpoint/index.js";
import { readFrontEnd, withFrontEnd } from "../../ts/frontend/index.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import { Engine, quantizeNetwork } from "../../ts/node.js";
import { readGoldenOps } from "../property/network-files.js";
import { quantizedWithFloats } from "../property/quantized-with-floats.js";
import { type Case, root, skipReason, verifyCase } from "./support.js";

const TIMEOUT_MS = 300_000;
const TARGETS = [
  "cortex-m0",
  "cortex-m3",
  "cortex-m4",
  "cortex-m7",
  "cortex-m33",
  "riscv32",
] as const;

/** The last row in the arena is padded, with what need not be written. */
const ROW_PADDING_BYTES = 16;

/** An odd number, so that not every input begins at a word. */
const SAMPLES = 2 * 400 + 3 * 160 + 1;

const kws = BUNDLED_MODELS.find(({ name }) => name === "kws")!;
const spoken = kws.examples.map(({ url }) =>
  readAudio(new Uint8Array(readFileSync(url)), 16_000).slice(4000, 4000 + SAMPLES),
);
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

/** What is shorter than a second needs no second of soft floats; too loud, samples are cut off as a session does. */
const keywords: Case = {
  name: kws.integers.name,
  blob: new Uint8Array(readFileSync(kws.integers.blob)),
  inputs: [...spoken, spoken[0]!.map((sample) => 100 * sample)],
};

describe.each([...TARGETS, "xtensa"] as const)("samples of 16 bits on %s", (target) => {
  const skipped = skipReason(target);
  test.skipIf(skipped !== "")(
    `kws-int: the bits of WebAssembly, stepped and run${skipped}`,
    async () => {
      const { items, equalItems, images } = await verifyCase(target, keywords, {
        execution: { schedule: "stream", tile: target === "cortex-m0" ? 1 : 3 },
      });
      expect(equalItems).toBe(items);
      for (const { arena, plan } of images) {
        expect(arena.guardsIntact).toBe(true);
        expect(arena.highWaterBytes).toBeLessThanOrEqual(plan.arenaBytes);
        expect(arena.highWaterBytes).toBeGreaterThan(plan.arenaBytes - ROW_PADDING_BYTES);
      }
    },
    TIMEOUT_MS,
  );
});

/** What has no form in integers stays in floats between conversions (`--float`): golden cases of such kinds. */
describe.each([
  ["op_recurrent", "gru"],
  ["op_recurrent", "lstm"],
  ["op_attention", "attention"],
  ["op_state", "mamba2"],
])("floats among integers on rv32imc", (family, kind) => {
  const skipped = skipReason("riscv32");
  test.skipIf(skipped !== "")(
    `${kind}: the bits of WebAssembly${skipped}`,
    async () => {
      const cases = readGoldenOps(join(root, "test/golden", family));
      const golden = cases.find((each) => each.kind === kind)!;
      const engine = await Engine.load({ simd: "off" });
      const { blob, refusals } = await quantizedWithFloats(engine, golden);
      engine.dispose();
      expect(refusals.size).toBeGreaterThan(0);
      const subject = { name: kind, blob, inputs: [golden.input] };
      const { items, equalItems } = await verifyCase("riscv32", subject, {
        execution: { schedule: "stream", tile: 3 },
      });
      expect(equalItems).toBe(items);
    },
    TIMEOUT_MS,
  );
});
