/** What a model is made of, in words: names, rates, blocks, assumptions, and the price of whole sequences. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBlob, Engine, type Model, type Network } from "../../../ts/node.js";
import {
  assumptionsOf,
  compareTrace,
  defaultFrames,
  describeOps,
  profile,
  wholeSequenceOf,
} from "../../../ts/profile/index.js";
import { NetworkMaker, paperNetwork } from "../core/networks.js";
import { GRAPHS } from "../graph/graphs.js";
import { traceOf } from "./traces.js";

let engine: Engine;
const models: Model[] = [];

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => {
  for (const model of models) model.dispose();
});

async function open(network: Network): Promise<Model> {
  const model = await engine.loadModel(await createBlob(engine, network));
  models.push(model);
  return model;
}

describe("ops", () => {
  test("of a block are under its name, with their sizes", async () => {
    const ops = describeOps(await open(paperNetwork()));
    expect(ops.filter(({ module }) => module === "mamba").map(({ name }) => name)).toEqual([
      "mamba.in_proj.x",
      "mamba.conv1d",
      "mamba.x_proj",
      "mamba.selective_scan",
      "mamba.gate",
      "mamba.out_proj",
    ]);
    const byName = new Map(ops.map((op) => [op.name, op]));
    expect(byName.get("mamba.conv1d")).toMatchObject({
      kind: "causal_conv",
      attributes: { taps: 4, ahead: 0 },
      rate: { rows: 1, frames: 1 },
    });
    expect(byName.get("mamba.selective_scan")?.attributes).toMatchObject({ states: 5, rank: 3 });
    expect(byName.get("mamba.gate")).toMatchObject({ variant: "silu" });
    expect(byName.get("pool")).toMatchObject({ module: "pool", variant: "mean", rate: null });
  });

  test("have the rates at which their rows come", async () => {
    const ops = describeOps(await open(GRAPHS["a U-net at half the rate, with a skip"]!));
    const rates = new Map(ops.map(({ name, rate }) => [name, rate]));
    expect(rates.get("stem")).toEqual({ rows: 1, frames: 1 });
    expect(rates.get("middle")).toEqual({ rows: 1, frames: 2 });
    expect(rates.get("head")).toEqual({ rows: 1, frames: 1 });
  });

  test("have none where rows are channels", async () => {
    const ops = describeOps(await open(GRAPHS["an inverted network"]!));
    expect(ops.find(({ name }) => name === "embed")).toMatchObject({
      rate: null,
      isSequence: true,
    });
  });
});

test("assumptions are those of the blob", async () => {
  const assumptions = ["eps is 1e-5", "the mean of all rows"];
  expect(assumptionsOf(await open({ ...paperNetwork(), assumptions }))).toEqual(assumptions);
  expect(assumptionsOf(await open(paperNetwork()))).toEqual([]);
  expect(assumptionsOf({ metadata: { assumptions: "none" } })).toEqual([]);
  expect(assumptionsOf({ metadata: { assumptions: [1, "one"] } })).toEqual(["one"]);
});

describe("a network that sees whole sequences", () => {
  const bidirectional = GRAPHS["a bidirectional block with a residual"]!;

  test("says which ops force it, and what it costs", async () => {
    const model = await open(bidirectional);
    const plan = model.plan({ maxFrames: 50 });
    const whole = wholeSequenceOf(model, plan);
    expect(whole).toEqual({
      forcedBy: ["flip", "flip_back"],
      growsWithSquare: [],
      maxFrames: 50,
      bytes: plan.wholeBytes,
      arenaBytesWithout: plan.arenaBytes - plan.wholeBytes,
    });
    expect(plan.wholeBytes).toBeGreaterThan(0);
  });

  test("by a vector that comes back, too", async () => {
    const model = await open(GRAPHS["squeeze and excitation"]!);
    expect(wholeSequenceOf(model, model.plan({ maxFrames: 9 }))?.forcedBy).toEqual(["multiply"]);
  });

  test("and which ops' work grows with the square of the length", async () => {
    const weight = (rows: number) => ({
      name: `w${rows}`,
      shape: [rows, 4],
      data: new Float32Array(4 * rows).fill(0.1),
    });
    const layers = { inProj: { weight: weight(12) }, outProj: { weight: weight(4) } };
    const model = await open({
      inputKind: "frames",
      inputWidth: 4,
      ops: [{ kind: "attention", name: "attention", input: 0, heads: 2, ...layers }],
      convention: "test",
    });
    const whole = wholeSequenceOf(model, model.plan({ maxFrames: 9 }));
    expect(whole?.growsWithSquare).toEqual(["attention"]);
    const macs = (frames: number) =>
      model.operatorCounts(frames).find(({ name }) => name === "attention")?.macs;
    expect(macs(10)).toBe(10 * 10 * 3 * 4 + 10 * 4);
    expect(macs(40)).toBe(40 * 40 * 3 * 4 + 40 * 4);
  });

  test("has it in its profile, and one that streams has not", async () => {
    const effort = { minRuns: 1, maxRuns: 1, budgetMs: 1, operatorsMs: 1 };
    const report = profile(engine, await open(bidirectional), { frames: 20, effort });
    expect(report.wholeSequence).toMatchObject({ maxFrames: 20, bytes: report.plan.wholeBytes });
    expect(report.arenaCheck.guardsIntact).toBe(true);
    const paper = profile(engine, await open(paperNetwork()), { effort });
    expect(paper.wholeSequence).toBeUndefined();
    expect(paper.operators.map(({ module }) => module)).toEqual([
      "linear_in",
      ...new Array(7).fill("mamba"),
      "pool",
      "classifier",
    ]);
  });
});

test("as many frames are profiled as a network is defined for", async () => {
  const limits = [
    [1, 0, 100],
    [1, 37, 37],
    [200, 0, 200],
    [20, 20, 20],
  ] as const;
  for (const [minFrames, maxFrames, frames] of limits) {
    expect(defaultFrames({ minFrames, maxFrames })).toBe(frames);
  }
});

describe("a trace", () => {
  const input = new NetworkMaker(3).frames(12, 6);

  test.each([
    "a U-net at half the rate, with a skip",
    "a bidirectional block with a residual",
    "two heads, one of every row",
    "squeeze and excitation",
  ])("of %s is compared at every rate and behind barriers", async (name) => {
    const model = await open(GRAPHS[name]!);
    const trace = traceOf(model, input);
    const session = model.createSession({ tile: 5, maxFrames: 12 });
    const { operators, firstDeparture } = compareTrace(model, session, input, trace);
    expect(operators).toHaveLength(trace.length);
    expect(trace.length).toBeGreaterThanOrEqual(model.ops.length - 1);
    expect(firstDeparture).toBeNull();
    expect(operators.every(({ maxRelative }) => maxRelative === 0)).toBe(true);
    const [last] = trace.slice(-1);
    last!.data[0]! += 1;
    expect(compareTrace(model, session, input, trace).firstDeparture).toBe(last!.name);
  });
});
