/**
 * One sentence, over random networks: whole sequences, any portions, any tile, any schedule, with
 * and without SIMD, saved and loaded in the middle, one operator at a time, the bits are the same (runs.ts).
 * Other networks each time; networks.test.ts has the same ones, and compares them with PyTorch, too.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { logitsOf } from "../../ts/core/outputs.js";
import { createBlob, Engine, type Network } from "../../ts/node.js";
import { EXP2_MIN, exponentsRunOut, NetworkMaker, pool } from "../unit/core/networks.js";
import { build, networkCases } from "./random-network.js";
import { outputsEveryWay, textOf } from "./runs.js";

const NETWORKS = 40;
/** Channels of a group. */
const LANES = 4;

let baseline: Engine;
let simd: Engine;

beforeAll(async () => {
  baseline = await Engine.load({ simd: "off" });
  simd = await Engine.load({ simd: "on" });
});

afterAll(() => {
  baseline.dispose();
  simd.dispose();
});

/** Far more than the test takes on two shared cores. */
const TIMEOUT_MS = 120_000;

describe("the same bits", { timeout: TIMEOUT_MS }, () => {
  test("under every schedule, in any portions, with and without SIMD", async () => {
    await fc.assert(
      fc.asyncProperty(networkCases, async (description) => {
        await outputsEveryWay({ baseline, simd }, build(description), description.seed);
      }),
      { numRuns: NETWORKS },
    );
  });

  test("where the exponents of some frames and channels, and not of others, run out", async () => {
    const { network, input, lowest } = exponentsRunOut(8, 60);
    const blob = await createBlob(baseline, network);
    const expected = textOf((await baseline.loadModel(blob)).createSession().run(input));
    const model = await simd.loadModel(blob);
    for (const tile of [1, 7]) {
      const session = model.createSession({ tile });
      expect(textOf(session.run(input))).toBe(expected);
      const operators = model.operators("stream");
      session.reset();
      session.feed(input.subarray(0, tile * network.inputWidth));
      const exponents: number[] = [];
      for (let step = session.step(); step !== undefined; step = session.step()) {
        if (operators[step.operatorIndex]!.part !== "dt_proj") continue;
        exponents.push(...step.output().map((dt) => -dt * lowest));
      }
      expect(Math.min(...exponents)).toBeLessThan(EXP2_MIN);
      expect(Math.max(...exponents)).toBeGreaterThan(EXP2_MIN);
    }
  });

  test("where the dt of channels are ordinary, NaN, infinite or make exponents run out, in every combination of four groups", async () => {
    const make = new NetworkMaker(9);
    const sizes = { inner: 16, states: 4, taps: 4, rank: 2, biases: false };
    const block = make.mamba("mamba", 0, 5, sizes);
    const xProj = block.xProj.weight.data.slice();
    xProj.fill(0, 0, 2 * sizes.inner);
    xProj[0] = xProj[sizes.inner] = 1e38;
    const input = make.frames(9, 5);
    /** What the first channel of a group is: its two weights of dt and its bias. */
    const roles = [
      { name: "ordinary", weights: [0, 0], bias: -3 },
      { name: "NaN", weights: [3e38, -3e38], bias: -3 },
      { name: "runs out", weights: [0, 0], bias: 1000 },
      { name: "infinite", weights: [3e38, 3e38], bias: -3 },
    ] as const;
    const combinations = roles.flatMap((a) =>
      roles.flatMap((b) => roles.flatMap((c) => roles.map((d) => [a, b, c, d]))),
    );
    for (const combination of combinations) {
      const weight = new Float32Array(sizes.inner * 2);
      const bias = new Float32Array(sizes.inner).fill(-3);
      for (const [group, role] of combination.entries()) {
        weight.set(role.weights, group * LANES * 2);
        bias[group * LANES] = role.bias;
      }
      const changed = {
        ...block,
        xProj: { weight: { ...block.xProj.weight, data: xProj } },
        dtProj: {
          weight: { ...block.dtProj.weight, data: weight },
          bias: { ...block.dtProj.bias!, data: bias },
        },
      };
      const network: Network = {
        inputKind: "frames",
        inputWidth: 5,
        ops: [changed, pool("pool", 1, "mean")],
        convention: "paper",
      };
      const blob = await createBlob(baseline, network);
      const models = [await baseline.loadModel(blob), await simd.loadModel(blob)];
      const [expected, got] = models.map((model) => logitsOf(model.createSession().run(input)));
      const names = combination.map(({ name }) => name);
      expect(got, names.join(", ")).toEqual(expected);
      for (const [group, name] of names.entries())
        if (name === "NaN") expect(expected![group * LANES]).toBeNaN();
      const others = expected!.filter((_, channel) => channel % LANES > 0);
      expect(others.every(Number.isFinite)).toBe(true);
      for (const model of models) model.dispose();
    }
  });
});
