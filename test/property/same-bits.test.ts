/**
 * One sentence, over random networks: whole sequences, any portions, any tile, any schedule, with
 * and without SIMD, saved and loaded in the middle, one operator at a time, the bits are the same.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tileLength } from "../../ts/core/input.js";
import {
  createBlob,
  Engine,
  type InputArray,
  type Model,
  type Network,
  type Session,
  type SessionOptions,
} from "../../ts/node.js";
import { EXP2_MIN, exponentsRunOut, NetworkMaker, pool } from "../unit/core/networks.js";
import { bitsOf, build, networkCases } from "./random-network.js";
import { referenceLogits } from "./reference.js";

const NETWORKS = 40;
/** Channels of a group. */
const LANES = 4;
/** Of the largest logit. Wide, for badly conditioned networks; the golden cases have tight bounds. */
const TOLERANCE = 1e-4;
/** Room for the self-test too. */
const WHOLE_SEQUENCE_SLACK = 8;

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

/** Where a sequence is cut, as fractions of it. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 });

function optionsFor(frames: number): readonly SessionOptions[] {
  const maxFrames = frames + WHOLE_SEQUENCE_SLACK;
  return [
    { tile: 1 },
    { tile: 3 },
    { tile: 8 },
    { tile: 100 },
    { schedule: "layer", maxFrames },
    { schedule: "unfused", maxFrames },
  ];
}

/** Far more than the test takes on two shared cores. */
const TIMEOUT_MS = 120_000;

describe("the same bits", { timeout: TIMEOUT_MS }, () => {
  test("under every schedule, in any portions, with and without SIMD", async () => {
    await fc.assert(
      fc.asyncProperty(networkCases, cuts, async (description, fractions) => {
        const { network, input } = build(description);
        const blob = await createBlob(baseline, network);
        expect(await createBlob(simd, network)).toEqual(blob);
        const models = [await baseline.loadModel(blob), await simd.loadModel(blob)];
        const expected = bitsOf(models[0]!.createSession().run(input));
        const options = optionsFor(description.frames);
        for (const model of models) {
          for (const option of options) {
            const session = model.createSession(option);
            session.selfTest();
            expect(bitsOf(session.run(input))).toBe(expected);
            expect(bitsOf(pushPortions(model, session, input, fractions))).toBe(expected);
            const each = everyInput(input, model);
            expect(bitsOf(pushPortions(model, session, input, each))).toBe(expected);
            expect(bitsOf(stepThrough(model, session, input))).toBe(expected);
            session.dispose();
          }
        }
        const cut = fractions[0] ?? 0.5;
        for (const [i, from] of options.entries()) {
          const to = options[(i + 1) % options.length]!;
          expect(bitsOf(runInTwoSessions(models, from, to, input, cut))).toBe(expected);
        }
        for (const model of models) model.dispose();
      }),
      { numRuns: NETWORKS },
    );
  });

  test("where the exponents of some frames and channels, and not of others, run out", async () => {
    const { network, input, lowest } = exponentsRunOut(8, 60);
    const blob = await createBlob(baseline, network);
    const expected = bitsOf((await baseline.loadModel(blob)).createSession().run(input));
    const model = await simd.loadModel(blob);
    for (const tile of [1, 7]) {
      const session = model.createSession({ tile });
      expect(bitsOf(session.run(input))).toBe(expected);
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
      const [expected, got] = models.map((model) => model.createSession().run(input));
      const names = combination.map(({ name }) => name);
      expect(got, names.join(", ")).toEqual(expected);
      for (const [group, name] of names.entries())
        if (name === "NaN") expect(expected![group * LANES]).toBeNaN();
      const others = expected!.filter((_, channel) => channel % LANES > 0);
      expect(others.every(Number.isFinite)).toBe(true);
      for (const model of models) model.dispose();
    }
  });

  test("and they agree with float64", async () => {
    await fc.assert(
      fc.asyncProperty(networkCases, async (description) => {
        const { network, input } = build(description);
        const model = await simd.loadModel(await createBlob(simd, network));
        const logits = model.createSession().run(input);
        const expected = referenceLogits(network, input);
        const largest = Math.max(...expected.map(Math.abs), 1);
        for (const [i, logit] of logits.entries()) {
          expect(Math.abs(logit - expected[i]!) / largest).toBeLessThan(TOLERANCE);
        }
        model.dispose();
      }),
      { numRuns: NETWORKS },
    );
  });
});

/** Every frame, token or sample on its own, as fractions of the sequence. */
function everyInput(input: InputArray, model: Model): number[] {
  const inputs = input.length / model.info.inputWidth;
  return Array.from({ length: inputs }, (_, index) => index / inputs);
}

/** Pushes the sequence in the portions that `fractions` cut it in, with a finish in the middle. */
function pushPortions(
  { info }: Model,
  session: Session,
  input: InputArray,
  fractions: readonly number[],
): Float32Array {
  const width = info.inputWidth;
  const inputs = input.length / width;
  const ends = [...fractions.map((fraction) => Math.round(fraction * inputs)), inputs];
  session.reset();
  let start = 0;
  for (const end of ends.sort((a, b) => a - b)) {
    if (end === start) continue;
    session.push(input.subarray(start * width, end * width));
    start = end;
    if (session.frames > 0) session.finish();
  }
  return session.finish();
}

/** One operator at a time, looking at every output. */
function stepThrough({ info }: Model, session: Session, input: InputArray): Float32Array {
  const pieceLength = tileLength(info, session.plan.tile);
  session.reset();
  for (let start = 0; start < input.length; start += pieceLength) {
    session.feed(input.subarray(start, start + pieceLength));
    for (let step = session.step(); step !== undefined; step = session.step()) {
      expect(step.output().every(Number.isFinite)).toBe(true);
    }
  }
  session.feedEnd();
  let last: Float32Array = new Float32Array(0);
  for (let step = session.step(); step !== undefined; step = session.step()) last = step.output();
  expect(bitsOf(session.finish())).toBe(bitsOf(last));
  return last;
}

/** The first part in one model and schedule, the rest in another, carried over as bytes. */
function runInTwoSessions(
  models: readonly Model[],
  from: SessionOptions,
  to: SessionOptions,
  input: InputArray,
  fraction: number,
): Float32Array {
  const first = models[0]!.createSession(from);
  const second = models[1]!.createSession(to);
  const width = models[0]!.info.inputWidth;
  const cut = Math.floor((fraction * input.length) / width) * width;
  second.push(input.subarray(0, width)); // to be forgotten
  if (cut > 0) first.push(input.subarray(0, cut));
  second.loadState(first.saveState());
  if (cut < input.length) second.push(input.subarray(cut));
  return second.finish();
}
