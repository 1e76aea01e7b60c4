/**
 * Firmware of networks with several outputs, rows over time, look-ahead and parts that see the whole sequence:
 * the bits of WebAssembly, and what the example prints of them.
 */
import { describe, expect, test } from "vitest";
import type { EmulatedTarget } from "../../ts/firmware/index.js";
import type { Network } from "../../ts/graph/network.js";
import { NetworkMaker, pool } from "../unit/core/networks.js";
import { buildAndRun, project, textOf } from "./projects.js";
import { blobOf, skipReason, verifyCase } from "./support.js";

const TIMEOUT_MS = 300_000;
const FRAMES = 12;
const WIDTH = 5;

/** Rows as they come, of a convolution that looks ahead; a class; and rows of the reversed sequence. */
function severalOutputs(): Network {
  const make = new NetworkMaker(11);
  const sizes = { inner: 10, states: 4, taps: 4, rank: 2, output: 6, biases: true };
  return {
    inputKind: "frames",
    inputWidth: WIDTH,
    ops: [
      make.linear("embed", 0, WIDTH, 6, true),
      {
        kind: "conv1d",
        name: "smooth",
        input: 1,
        weight: make.tensor("smooth.weight", [6, 6, 3], 0.4),
        padding: "same",
      },
      make.mamba("mamba", 2, 6, sizes),
      pool("pool", 3, "max"),
      make.linear("head", 4, 6, 3, true),
      { kind: "reverse", name: "backwards", input: 3 },
      make.linear("last", 6, 6, 2, true),
    ],
    outputs: [
      { name: "class", value: 5 },
      { name: "steps", value: 3 },
      { name: "backwards", value: 7 },
    ],
    labels: ["a", "b", "c"],
    convention: "test",
  };
}

const input = () => new NetworkMaker(12).frames(FRAMES, WIDTH);

const TARGETS: readonly (readonly [EmulatedTarget, readonly string[]])[] = [
  ["cortex-m7", ["double"]],
  ["riscv32", ["hard", "soft"]],
  ["xtensa", ["lx106"]],
];

describe.each(TARGETS)("several outputs on %s", (target, variants) => {
  const skipped = skipReason(target);

  test.skipIf(skipped !== "")(
    `all have the bits of WebAssembly${skipped}`,
    { timeout: TIMEOUT_MS },
    async () => {
      const model = { name: "several", blob: await blobOf(severalOutputs()), inputs: [input()] };
      const { equalItems, images } = await verifyCase(target, model, { variants });
      expect(equalItems).toBe(1);
      const [stream] = images;
      // 3 logits, and a row of 6 and of 2 a frame.
      expect(stream!.outputs[0]).toHaveLength(3 + FRAMES * (6 + 2));
      expect(stream!.plan).toMatchObject({ schedule: "stream", maxFrames: FRAMES });
      expect(stream!.stack.selfTest).toBeGreaterThan(0);
      for (const { arena, plan } of images) {
        expect(arena.highWaterBytes).toBeLessThanOrEqual(plan.arenaBytes);
      }
    },
  );
});

const noArm = skipReason("cortex-m7");

describe.skipIf(noArm !== "")(`the example${noArm}`, { timeout: TIMEOUT_MS }, () => {
  test("prints a class, and how many rows there are of the others", async () => {
    const files = await project("cortex-m7", {
      model: await blobOf(severalOutputs()),
      input: input(),
    });
    expect(textOf(files, "README.md")).toMatch(/up to 12 frames: part of the network sees/);
    const { stdout, status } = await buildAndRun("outputs", files);
    expect(stdout).toMatch(/^class \d [abc]$/m);
    expect(stdout).toMatch(/^output steps 12 rows of 6$/m);
    expect(stdout).toMatch(/^output backwards 12 rows of 2$/m);
    expect(stdout).toMatch(/^self-test MLM_OK$/m);
    expect(stdout).toMatch(/\nbits equal to the simulation's\n$/);
    expect(status).toBe(0);
  });

  test("prints the values of a vector without labels", async () => {
    const { labels: _, ...network } = severalOutputs();
    const files = await project("cortex-m7", { model: await blobOf(network), input: input() });
    const { stdout } = await buildAndRun("values", files);
    const [, values = ""] = /^output class((?: -?\d+\.\d+)+)$/m.exec(stdout) ?? [];
    expect(values.trim().split(" ")).toHaveLength(3);
  });
});
