/** What folding does to networks, step by step, and what it leaves alone. */
import { describe, expect, test } from "vitest";
import { logitsOf } from "../../../ts/core/outputs.js";
import { createFoldedBlob, foldNetwork, readFoldRecord } from "../../../ts/fold/index.js";
import { withFrontEnd } from "../../../ts/frontend/index.js";
import type {
  AffineOp,
  LinearOp,
  MambaOp,
  Network,
  Op,
  Tensor,
} from "../../../ts/graph/network.js";
import { Engine } from "../../../ts/node.js";
import { referenceLogits } from "../../property/reference.js";
import {
  activation,
  add,
  audioNetwork,
  NetworkMaker,
  paperNetwork,
  pool,
  tiedLanguageModel,
} from "../core/networks.js";

const INPUT_WIDTH = 5;
const BLOCK = { inner: 12, states: 3, taps: 4, rank: 2, biases: true };

function network(...ops: Op[]): Network {
  return { inputKind: "frames", inputWidth: INPUT_WIDTH, ops, convention: "test" };
}

function sentences(folded: ReturnType<typeof foldNetwork>): string[] {
  return folded.steps.map(({ kind, op, others }) => `${op} ${kind} ${others.join(" and ")}`);
}

/** In float64, so that only the rounding of weights is between them. */
function expectSameFunction(before: Network, after: Network, inputs = 11): void {
  const input = new NetworkMaker(99).frames(inputs, before.inputWidth);
  const [expected, got] = [referenceLogits(before, input), referenceLogits(after, input)];
  const largest = Math.max(...expected.map(Math.abs));
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(got[i]! - value)).toBeLessThan(1e-6 * largest);
  }
}

describe("the network of the paper", () => {
  const before = paperNetwork();
  const folded = foldNetwork(before);

  test("loses linear_in and out_proj", () => {
    expect(sentences(folded)).toEqual([
      "linear_in multiplied mamba.in_proj",
      "mamba.out_proj pooled first pool",
      "mamba.out_proj multiplied classifier",
    ]);
    expect(folded.network.ops.map(({ name }) => name)).toEqual(["mamba", "pool", "classifier"]);
    const [mamba, , classifier] = folded.network.ops as [MambaOp, Op, LinearOp];
    expect(mamba).not.toHaveProperty("outProj");
    expect(mamba.inProj.weight.shape).toEqual([28, 5]);
    expect(classifier.weight.shape).toEqual([3, 14]);
    expectSameFunction(before, folded.network);
  });

  test("has products made in double and rounded once", () => {
    const [linear, mamba] = before.ops as [LinearOp, MambaOp];
    const [folding] = folded.network.ops as [MambaOp];
    expect(folding.inProj.weight.data).toEqual(
      Float32Array.from(multiply(mamba.inProj.weight, linear.weight)),
    );
    expect(folding.inProj.bias!.data).toEqual(
      Float32Array.from(multiply(mamba.inProj.weight, column(linear.bias!))),
    );
  });

  test("keeps labels, convention and everything that is not folded", () => {
    const { ops: _, ...rest } = before;
    expect(folded.network).toMatchObject(rest);
    const [mamba] = folded.network.ops as [MambaOp];
    expect(mamba.xProj).toEqual((before.ops[1] as MambaOp).xProj);
  });

  test("is itself left as it was, and its folding has nothing left to fold", () => {
    expect(before).toEqual(paperNetwork());
    const again = foldNetwork(folded.network);
    expect(again.steps).toEqual([]);
    expect(again.network).toEqual(folded.network);
  });
});

describe("linear layers", () => {
  test("in a row become one, rounded once", () => {
    const make = new NetworkMaker(7);
    const before = network(
      make.linear("a", 0, INPUT_WIDTH, 9, true),
      make.linear("b", 1, 9, 8, false),
      make.linear("c", 2, 8, 4, true),
      activation("relu", 3, "relu"),
      pool("pool", 4, "max"),
    );
    const folded = foldNetwork(before);
    expect(folded.network.ops.map(({ name }) => name)).toEqual(["c", "relu", "pool"]);
    const [a, b, c] = before.ops as [LinearOp, LinearOp, LinearOp];
    const cb = { shape: [4, 9], data: multiply(c.weight, b.weight) };
    const whole = Float32Array.from(multiply(cb, a.weight));
    const made = (folded.network.ops[0] as LinearOp).weight.data;
    for (const [i, value] of whole.entries()) expect(made[i]).toBeCloseTo(value, 7);
    expectSameFunction(before, folded.network);
  });

  test("go into every reader", () => {
    const make = new NetworkMaker(8);
    const before = network(
      make.linear("in", 0, INPUT_WIDTH, 8, true),
      make.mamba("left", 1, 8, { ...BLOCK, output: 6 }),
      make.linear("right", 1, 8, 6, false),
      add("both", 2, 3),
      pool("pool", 4, "mean"),
    );
    const folded = foldNetwork(before);
    expect(sentences(folded)).toEqual(["in multiplied left.in_proj and right"]);
    expectSameFunction(before, folded.network);
  });

  test.each(["add", "norm", "activation"] as const)("stay when an %s reads them, too", (kind) => {
    const make = new NetworkMaker(9);
    const other = {
      add: add("other", 1, 2),
      norm: make.norm("other", 1, 8, "rms", false),
      activation: activation("other", 1, "silu"),
    }[kind];
    const before = network(
      make.linear("in", 0, INPUT_WIDTH, 8, true),
      make.mamba("mamba", 1, 8, { ...BLOCK, output: 8 }),
      other,
      add("sum", 2, 3),
      pool("pool", 4, "mean"),
    );
    expect(foldNetwork(before)).toEqual({ network: before, steps: [] });
  });

  test("stay where their product would be more work", () => {
    const make = new NetworkMaker(10);
    const before = network(
      make.linear("narrow", 0, INPUT_WIDTH, 2, true),
      make.linear("wide", 1, 2, 40, true),
      activation("relu", 2, "relu"),
      pool("pool", 3, "max"),
    );
    expect(foldNetwork(before).steps).toEqual([]);
  });

  test("stay where their product would not be finite", () => {
    const huge = (name: string, outputs: number, inputs: number): Tensor => ({
      name,
      shape: [outputs, inputs],
      data: new Float32Array(outputs * inputs).fill(1e30),
    });
    const before = network(
      { kind: "linear", name: "a", input: 0, weight: huge("a", 8, INPUT_WIDTH) },
      { kind: "linear", name: "b", input: 1, weight: huge("b", 8, 8) },
      activation("relu", 2, "relu"),
      pool("pool", 3, "max"),
    );
    expect(foldNetwork(before)).toEqual({ network: before, steps: [] });
  });

  test("stay where a tied weight would have to be stored twice", () => {
    const make = new NetworkMaker(11);
    const embedding = make.embedding("embedding", 6, 6);
    const before: Network = {
      inputKind: "tokens",
      inputWidth: 1,
      ops: [
        embedding,
        make.linear("mix", 1, 6, 6, false),
        { kind: "linear", name: "head", input: 2, weight: embedding.weight },
        activation("relu", 3, "relu"),
        pool("pool", 4, "max"),
      ],
      convention: "test",
    };
    const { steps, network: after } = foldNetwork(before);
    expect(steps).toEqual([{ kind: "multiplied", op: "mix", others: ["head"] }]);
    expect(distinctElements(after)).toBeLessThanOrEqual(distinctElements(before));
    const narrow: Network = {
      ...before,
      ops: [
        embedding,
        { kind: "linear", name: "tied", input: 1, weight: embedding.weight },
        { kind: "linear", name: "again", input: 2, weight: embedding.weight },
        ...before.ops.slice(3),
      ],
    };
    expect(foldNetwork(narrow)).toEqual({ network: narrow, steps: [] });
  });
});

describe("the pool", () => {
  test.each(["mean", "last"] as const)("of kind %s moves before a linear layer", (kind) => {
    const make = new NetworkMaker(12);
    const before = network(
      make.norm("norm", 0, INPUT_WIDTH, "layer", true),
      make.linear("head", 1, INPUT_WIDTH, 9, true),
      pool("pool", 2, kind),
      activation("relu", 3, "relu"),
    );
    const { network: after } = foldNetwork(before);
    const names = after.ops.map(({ name }) => name);
    expect(names.slice(-3)).toEqual(
      kind === "mean" ? ["pool", "head", "relu"] : ["norm", "head", "relu"],
    );
    expectSameFunction(before, after);
  });

  test("of the maximum stays", () => {
    const make = new NetworkMaker(13);
    const before = network(make.linear("head", 0, INPUT_WIDTH, 9, true), pool("pool", 1, "max"));
    expect(foldNetwork(before)).toEqual({ network: before, steps: [] });
  });

  test("stays when something else reads the layer", () => {
    const make = new NetworkMaker(14);
    const before = network(
      make.linear("in", 0, INPUT_WIDTH, 9, true),
      make.norm("unread", 1, 9, "rms", false),
      pool("pool", 1, "mean"),
    );
    expect(foldNetwork(before)).toEqual({ network: before, steps: [] });
  });

  test("of few outputs stays: a mean of many inputs would cost more", () => {
    const make = new NetworkMaker(15);
    const before = network(
      make.norm("norm", 0, INPUT_WIDTH, "rms", false),
      make.linear("head", 1, INPUT_WIDTH, 1, true),
      pool("pool", 2, "mean"),
    );
    expect(foldNetwork(before).steps).toEqual([]);
  });
});

describe("residual stacks", () => {
  test("have nothing to fold", () => {
    const make = new NetworkMaker(16);
    const before = network(
      make.linear("linear_in", 0, INPUT_WIDTH, 6, true),
      make.norm("layers.0.norm", 1, 6, "rms", false),
      make.mamba("layers.0.mixer", 2, 6, { ...BLOCK, output: 6 }),
      add("layers.0.add", 1, 3),
      make.norm("norm_f", 4, 6, "rms", false),
      pool("pool", 5, "mean"),
      make.linear("classifier", 6, 6, 3, true),
    );
    expect(foldNetwork(before)).toEqual({ network: before, steps: [] });
  });

  test("whose last position counts have the last norm behind the pool", () => {
    const before = tiedLanguageModel();
    const { network: after, steps } = foldNetwork(before);
    expect(steps).toEqual([{ kind: "pooled first", op: "norm_f", others: ["pool"] }]);
    const input = new NetworkMaker(3).tokens(9, 19);
    expect(referenceLogits(after, input)).toEqual(referenceLogits(before, input));
  });
});

describe("a scale and shift", () => {
  test("go into the layer behind them, rounded once", () => {
    const make = new NetworkMaker(17);
    const before = network(
      make.affine("scaled", 0, INPUT_WIDTH),
      make.linear("in", 1, INPUT_WIDTH, 9, true),
      activation("relu", 2, "relu"),
      pool("pool", 3, "max"),
    );
    const folded = foldNetwork(before);
    expect(sentences(folded)).toEqual(["scaled multiplied in"]);
    expect(folded.network.ops.map(({ name }) => name)).toEqual(["in", "relu", "pool"]);
    const [affine, linear] = before.ops as [AffineOp, LinearOp];
    const [made] = folded.network.ops as [LinearOp];
    const shifts = multiply(linear.weight, column(affine.shift), linear.bias);
    expect(made.bias!.data).toEqual(Float32Array.from(shifts));
    for (const [i, weight] of linear.weight.data.entries()) {
      const scale = affine.scale.data[i % INPUT_WIDTH]!;
      expect(made.weight.data[i]).toBe(Math.fround(weight * scale));
    }
    expectSameFunction(before, folded.network);
  });

  test("go into every reader, and give it a bias", () => {
    const make = new NetworkMaker(18);
    const narrow = { ...BLOCK, inner: 2, biases: true };
    const before = network(
      make.affine("scaled", 0, INPUT_WIDTH),
      make.mamba("left", 1, INPUT_WIDTH, { ...narrow, output: 6 }),
      make.linear("right", 1, INPUT_WIDTH, 6, false),
      add("both", 2, 3),
      pool("pool", 4, "max"),
    );
    const folded = foldNetwork(before);
    expect(sentences(folded)).toEqual(["scaled multiplied left.in_proj and right"]);
    expect((folded.network.ops[1] as LinearOp).bias!.shape).toEqual([6]);
    expectSameFunction(before, folded.network);
  });

  test("follow a layer into the next one", () => {
    const make = new NetworkMaker(19);
    const before = network(
      make.affine("scaled", 0, INPUT_WIDTH),
      make.linear("a", 1, INPUT_WIDTH, 9, true),
      make.linear("b", 2, 9, 4, false),
      pool("pool", 3, "max"),
    );
    const folded = foldNetwork(before);
    expect(folded.network.ops.map(({ name }) => name)).toEqual(["b", "pool"]);
    expectSameFunction(before, folded.network);
  });

  test.each(["norm", "add", "activation", "pool"] as const)(
    "stay before an op of kind %s",
    (kind) => {
      const make = new NetworkMaker(20);
      const reader = {
        norm: make.norm("reader", 1, INPUT_WIDTH, "rms", false),
        add: add("reader", 1, 0),
        activation: activation("reader", 1, "relu"),
        pool: pool("reader", 1, "mean"),
      }[kind];
      const scaled = make.affine("scaled", 0, INPUT_WIDTH);
      const before = network(scaled, reader, ...(kind === "pool" ? [] : [pool("pool", 2, "max")]));
      expect(foldNetwork(before)).toEqual({ network: before, steps: [] });
    },
  );

  test("stay when the network's input has another reader that takes them as they are", () => {
    const make = new NetworkMaker(21);
    const before = network(
      make.affine("scaled", 0, INPUT_WIDTH),
      make.linear("in", 1, INPUT_WIDTH, INPUT_WIDTH, true),
      add("sum", 1, 2),
      pool("pool", 3, "max"),
    );
    expect(foldNetwork(before)).toEqual({ network: before, steps: [] });
  });

  test("stay where the biases they make are more than they are", () => {
    const before = audioNetwork();
    const { network: after, steps } = foldNetwork(before);
    expect(steps.map(({ op }) => op)).not.toContain("affine");
    expect(after.ops.slice(0, 2)).toEqual(before.ops.slice(0, 2));
  });

  test("stay where their product would not be finite", () => {
    const make = new NetworkMaker(22);
    const scaled = make.affine("scaled", 0, INPUT_WIDTH);
    const linear = make.linear("in", 1, INPUT_WIDTH, 9, true);
    const huge = { ...scaled.scale, data: new Float32Array(INPUT_WIDTH).fill(3e38) };
    const weight = { ...linear.weight, data: new Float32Array(INPUT_WIDTH * 9).fill(2) };
    const before = network(
      { ...scaled, scale: huge },
      { ...linear, weight },
      activation("relu", 2, "relu"),
      pool("pool", 3, "max"),
    );
    expect(foldNetwork(before).steps).toEqual([]);
  });
});

describe("outputs of the network", () => {
  const make = new NetworkMaker(30);
  const chain = network(
    make.linear("a", 0, INPUT_WIDTH, 9, true),
    make.linear("b", 1, 9, 8, false),
    pool("pool", 2, "mean"),
    make.linear("c", 3, 8, 3, true),
  );
  const withOutputs = (...values: number[]): Network => ({
    ...chain,
    outputs: values.map((value) => ({ name: `value${value}`, value })),
  });

  test("are read by whoever runs it: nothing is folded across them", () => {
    expect(sentences(foldNetwork(withOutputs(4, 1)))).toEqual([
      "b pooled first pool",
      "b multiplied c",
    ]);
    expect(sentences(foldNetwork(withOutputs(4, 2)))).toEqual(["a multiplied b"]);
    const all = withOutputs(4, 1, 2, 3);
    expect(foldNetwork(all)).toEqual({ network: all, steps: [] });
  });

  test("move with the ops that make them", () => {
    const { network: after } = foldNetwork(withOutputs(4, 1));
    expect(after.ops.map(({ name }) => name)).toEqual(["a", "pool", "c"]);
    expect(after.outputs).toEqual([
      { name: "value4", value: 3 },
      { name: "value1", value: 1 },
    ]);
  });
});

describe("a graph", () => {
  test.each(["first", "row"] as const)("lets a pool of the %s row overtake", (kind) => {
    const make = new NetworkMaker(31);
    const before = network(
      make.norm("norm", 0, INPUT_WIDTH, "rms", false),
      activation("silu", 1, "silu"),
      { kind: "pool", name: "pool", input: 2, pool: kind },
    );
    const { network: after } = foldNetwork(before);
    expect(after.ops.map(({ name }) => name)).toEqual(["pool", "norm", "silu"]);
  });

  test("has its BatchNorms folded, into a block, too", () => {
    const make = new NetworkMaker(32);
    const vector = (name: string) => make.tensor(name, [INPUT_WIDTH], 0.3, 1);
    const norm: Op = {
      kind: "batchnorm",
      name: "bn",
      input: 0,
      runningMean: vector("mean"),
      runningVar: vector("var"),
      eps: 1e-3,
    };
    const narrow = { ...BLOCK, inner: 2, output: 6 };
    const before = network(norm, make.mamba("mamba", 1, INPUT_WIDTH, narrow), pool("p", 2, "max"));
    const { steps, network: after } = foldNetwork(before);
    expect(steps).toEqual([{ kind: "multiplied", op: "bn", others: ["mamba.in_proj"] }]);
    expect(after.ops.map(({ kind }) => kind)).toEqual(["mamba", "pool"]);
  });

  test("with several pools has the layers of each moved behind it", () => {
    const make = new NetworkMaker(33);
    const before = network(
      activation("relu", 0, "relu"),
      make.linear("a", 1, INPUT_WIDTH, 9, true),
      pool("mean", 2, "mean"),
      make.linear("b", 1, INPUT_WIDTH, 9, true),
      pool("last", 4, "last"),
      add("sum", 3, 5),
    );
    expect(sentences(foldNetwork(before)).sort()).toEqual([
      "a pooled first mean",
      "b pooled first last",
    ]);
    expectSameFunction(before, foldNetwork(before).network);
  });
});

describe("a front end", () => {
  const bands = 5;
  const frontEnd = {
    kind: "logmel",
    sampleRateHz: 8000,
    windowSamples: 60,
    hopSamples: 25,
    fftSamples: 64,
    bands,
    lowHz: 100,
    highHz: 4000,
    energyFloor: 1e-5,
    scale: [0.2, 0.3, 0.2, 0.1, 0.2],
    shift: [1, 0.5, 0.8, 1.2, 1],
  } as const;
  const before = withFrontEnd(paperNetwork(), frontEnd);
  const folded = foldNetwork(before);

  test("keeps its log-mel frames; its scale and shift go into the network", () => {
    expect(sentences(folded)).toContain("affine multiplied mamba.in_proj");
    expect(folded.network.ops.map(({ name }) => name)).toEqual([
      "logmel",
      "mamba",
      "pool",
      "classifier",
    ]);
    expect(folded.network.ops[0]).toEqual(before.ops[0]);
    expect(folded.network).toMatchObject({ inputKind: "samples", inputWidth: 1 });
    expectSameFunction(before, folded.network, 200);
  });

  test("has a folded blob that runs and says what was done", async () => {
    const engine = await Engine.load();
    const model = await engine.loadModel(await createFoldedBlob(engine, before));
    const session = model.createSession();
    session.selfTest();
    const input = new NetworkMaker(98).frames(200, 1);
    const expected = referenceLogits(before, input);
    const largest = Math.max(...expected.map(Math.abs));
    for (const [i, logit] of logitsOf(session.run(input)).entries()) {
      expect(Math.abs(logit - expected[i]!)).toBeLessThan(2e-6 * largest);
    }
    expect(readFoldRecord(model.metadata)?.steps).toEqual(folded.steps);
    expect(model.info).toMatchObject({ inputKind: "samples", windowSamples: 60, hopSamples: 25 });
    engine.dispose();
  });
});

type Matrix = Pick<Tensor, "shape"> & { readonly data: ArrayLike<number> };

/** In double, from `start` on if it is given. */
function multiply(left: Matrix, right: Matrix, start?: Tensor): number[] {
  const [rows, inner] = left.shape as [number, number];
  const columns = right.shape[1]!;
  return Array.from({ length: rows * columns }, (_, index) => {
    const [row, at] = [Math.floor(index / columns), index % columns];
    let sum = start?.data[index] ?? 0;
    for (let i = 0; i < inner; i++) {
      sum += left.data[row * inner + i]! * right.data[i * columns + at]!;
    }
    return sum;
  });
}

function column(vector: Tensor): Matrix {
  return { shape: [vector.shape[0]!, 1], data: vector.data };
}

function distinctElements({ ops }: Network): number {
  const tensors = new Set(
    ops.flatMap((op) => ("weight" in op ? [op.weight] : [])).filter((tensor) => tensor),
  );
  return [...tensors].reduce((sum, { data }) => sum + data.length, 0);
}
