import { describe, expect, it } from "vitest";
import { type Arch, readArch, toNetwork } from "../../../ts/checkpoint/index.js";
import { BadArgument, BadCheckpoint, BadFile } from "../../../ts/core/errors.js";
import { inputsOf } from "../../../ts/graph/form.js";
import type { LinearOp, NormOp } from "../../../ts/graph/network.js";
import { type BlockSizes, mambaShapes, type Shapes, stateDict } from "./support.js";

const SIZES: BlockSizes = { dModel: 4, dInner: 8, dState: 2, dConv: 2, dtRank: 1 };

const shapes: Shapes = {
  "embed.weight": [4, 3],
  "block.norm.weight": [4],
  "block.norm.bias": [4],
  ...mambaShapes("encoder.ssm", SIZES),
  "head.weight": [2, 4],
};

const listed = {
  ops: [
    { kind: "linear", name: "embed" },
    { kind: "norm", name: "block.norm", eps: 1e-6 },
    { kind: "mamba", name: "block.ssm", weights: "encoder.ssm" },
    { kind: "add", name: "block.add", inputs: ["embed", "block.ssm"] },
    { kind: "pool", name: "pool", pool: "max" },
    { kind: "activation", name: "act", activation: "gelu" },
    { kind: "linear", name: "head" },
  ],
  labels: ["no", "yes"],
} as const satisfies Arch;

const asArch = (value: unknown) => value as Arch;
const withOps = (...ops: unknown[]) => asArch({ ops });

describe("toNetwork with an arch of operators", () => {
  it("builds them in order", () => {
    const network = toNetwork(stateDict(shapes), { arch: listed });
    expect(network).toMatchObject({ convention: "arch", inputWidth: 3, labels: ["no", "yes"] });
    expect(network.ops.map(({ kind }) => kind)).toEqual(listed.ops.map(({ kind }) => kind));
    expect(network.ops[1]).toMatchObject({ norm: "layer", eps: 1e-6, input: 1 });
    expect(network.ops[3]).toMatchObject({ inputs: [1, 3] });
    expect((network.ops[6] as LinearOp).weight.name).toBe("head.weight");
  });

  it("reads the network's input by name, and tokens through an embedding", () => {
    const arch: Arch = {
      ops: [
        { kind: "linear", name: "a", weights: "w", input: "input" },
        { kind: "linear", name: "b", weights: "w", input: "input" },
        { kind: "add", name: "sum", inputs: ["a", "b"] },
        { kind: "pool", name: "pool", pool: "last" },
      ],
    };
    const network = toNetwork(stateDict({ "w.weight": [2, 3] }), { arch });
    expect(network.ops.map(inputsOf)).toEqual([[0], [0], [1, 2], [3]]);
    const tokens: Arch = {
      ops: [
        { kind: "embedding", name: "w" },
        { kind: "pool", name: "pool", pool: "mean" },
        { kind: "linear", name: "head", weights: "w" },
      ],
    };
    const tied = toNetwork(stateDict({ "w.weight": [5, 3] }), { arch: tokens });
    expect(tied).toMatchObject({ inputKind: "tokens", inputWidth: 1 });
    expect((tied.ops[2] as LinearOp).weight).toBe((tied.ops[0] as LinearOp).weight);
  });

  it("refuses tensors that nothing uses, unless they are ignored", () => {
    const dict = stateDict({ ...shapes, "aux.weight": [1], auxiliary: [1] });
    expect(() => toNetwork(dict, { arch: listed })).toThrow(BadCheckpoint);
    expect(() => toNetwork(dict, { arch: listed })).toThrow(
      "unknown tensors: aux.weight, auxiliary",
    );
    expect(() => toNetwork(dict, { arch: { ...listed, ignore: ["aux"] } })).toThrow(": auxiliary:");
    const both = { ...listed, ignore: ["aux", "auxiliary"] };
    expect(toNetwork(dict, { arch: both }).ops).toHaveLength(7);
  });

  it("says that ignore leaves out a tensor that an operator reads", () => {
    const refusal = (arch: Arch) => () => toNetwork(stateDict(shapes), { arch });
    const ignoring = (...ignore: string[]): Arch => ({ ...listed, ignore });
    expect(refusal(ignoring("aux", "head"))).toThrow(
      `head.weight: expected shape [out, 4], got a tensor that "head" in the arch file's ignore leaves out`,
    );
    // A bias may be absent, but is not dropped without a word.
    expect(refusal(ignoring("block.norm.bias"))).toThrow(`"block.norm.bias" in the arch file's`);
    const renamed = {
      convention: "paper",
      rename: { embed: "linear_in" },
      ignore: ["embed"],
    } as const;
    expect(refusal(renamed)).toThrow(
      'missing tensors: linear_in.weight (left out by ignore "embed")',
    );
  });

  it("may give names with or without what wrappers put before all of them", () => {
    const prefixed = (prefix: string) =>
      stateDict(Object.fromEntries(Object.entries(shapes).map(([n, s]) => [prefix + n, s])));
    const ops = listed.ops.map((op) =>
      op.kind === "mamba" ? { ...op, weights: "model.encoder.ssm" } : op,
    );
    for (const prefix of ["model.", "module.model.", "module.model._orig_mod."]) {
      expect(toNetwork(prefixed(prefix), { arch: listed }).ops).toHaveLength(7);
    }
    expect(toNetwork(prefixed("module.model."), { arch: { ops } }).ops).toHaveLength(7);
    const convention = {
      convention: "paper",
      rename: { "net.embed": "linear_in", "encoder.ssm": "mamba", "module.net.head": "classifier" },
      ignore: ["net.block"],
    } as const;
    expect(toNetwork(prefixed("module.net."), { arch: convention }).ops).toHaveLength(4);
  });

  it("takes a norm's kind from the arch over the checkpoint's bias", () => {
    const dict = stateDict({ "n.weight": [3] });
    const ops = (norm: NormOp["norm"]): Arch => ({
      ops: [
        { kind: "norm", name: "n", norm },
        { kind: "pool", name: "pool", pool: "mean" },
      ],
    });
    expect(toNetwork(dict, { arch: ops("layer") }).ops[0]).toMatchObject({ norm: "layer" });
    expect(() =>
      toNetwork(stateDict({ "n.weight": [3], "n.bias": [3] }), { arch: ops("rms") }),
    ).toThrow("n.bias");
  });

  const linear = { kind: "linear", name: "w" };
  const pool = { kind: "pool", name: "pool", pool: "mean" };
  it.each([
    ["no operators", withOps(), "arch.ops: expected one operator or more, got none"],
    ["two pools", withOps(linear, pool, { ...pool, name: "p" }), "expected a sequence for pool"],
    [
      "what nothing reads",
      withOps(linear, pool, { ...pool, name: "p", input: "w" }),
      'arch.ops[1]: expected what another operator reads or arch.outputs names, got "pool"',
    ],
    [
      "a head that is no output",
      withOps(linear, pool, { ...linear, name: "v", input: "w" }),
      'got "pool", which nothing reads',
    ],
    [
      "a Mamba block behind the pool",
      withOps(linear, pool, {
        kind: "conv1d",
        name: "c",
        weights: "w",
        tensors: { weight: "c.weight" },
      }),
      "arch.ops[2]: op c: expected a sequence for conv1d, got something after the pool",
    ],
    [
      "a repeated name",
      withOps(linear, linear),
      "arch.ops[1].name: expected a name not used before",
    ],
    ["the input's name", withOps({ ...linear, name: "input" }), "arch.ops[0].name"],
    ["an unknown input", withOps({ ...linear, input: "x" }), 'or an earlier operator, got "x"'],
    ["a late embedding", withOps(linear, { kind: "embedding", name: "w2" }), "only first"],
  ])("refuses %s", (_, arch, message) => {
    const dict = stateDict({
      "w.weight": [3, 3],
      "v.weight": [3, 3],
      "w2.weight": [3, 3],
      "c.weight": [3, 3, 2],
    });
    expect(() => toNetwork(dict, { arch })).toThrow(BadArgument);
    expect(() => toNetwork(dict, { arch })).toThrow(message);
  });

  it("refuses widths that do not fit", () => {
    const arch = withOps(
      linear,
      { kind: "linear", name: "v" },
      { kind: "add", name: "s", inputs: ["w", "v"] },
      pool,
    );
    const dict = stateDict({ "w.weight": [3, 2], "v.weight": [4, 3] });
    expect(() => toNetwork(dict, { arch })).toThrow(
      "arch.ops[2]: inputs of op s: expected equal widths, got 3 and 4",
    );
  });

  it("refuses labels that are not one a logit", () => {
    const arch = { ...listed, labels: ["a"] };
    expect(() => toNetwork(stateDict(shapes), { arch })).toThrow("arch.labels: expected 2 names");
  });
});

describe("toNetwork with an arch that renames", () => {
  const foreign: Shapes = {
    "model.enc.in.weight": [4, 3],
    ...mambaShapes("model.enc.block", SIZES),
    "model.head.weight": [2, 4],
    "optimizer.step": [1],
  };
  const arch: Arch = {
    convention: "paper",
    rename: {
      model: "",
      "model.enc.in": "linear_in",
      "model.enc.block": "mamba",
      "model.head": "classifier",
    },
    ignore: ["optimizer"],
  };

  it("maps the beginnings of names, the longest first", () => {
    const network = toNetwork(stateDict(foreign), { arch });
    expect(network.convention).toBe("paper");
    expect((network.ops[0] as LinearOp).weight.name).toBe("model.enc.in.weight");
  });

  it("drops a beginning", () => {
    const prefixed = Object.entries(mambaShapes("net.mamba", SIZES));
    const dict = stateDict({ "net.linear_in.weight": [4, 3], ...Object.fromEntries(prefixed) });
    expect(
      toNetwork(dict, { arch: { convention: "paper", rename: { net: "" } } }).ops,
    ).toHaveLength(3);
  });

  it("refuses two tensors of one name", () => {
    const clash = { ...arch, rename: { ...arch.rename, "model.head": "linear_in" } };
    expect(() => toNetwork(stateDict(foreign), { arch: clash })).toThrow(
      "linear_in.weight, as another",
    );
  });
});

describe("readArch", () => {
  const read = (text: string) => readArch(new TextEncoder().encode(text));

  it("reads what it checks", () => {
    expect(read(JSON.stringify(listed))).toEqual(listed);
  });

  it.each([
    ["arch", "[".repeat(200_000) + "]".repeat(200_000)],
    ["a kind", `{"ops":[{"kind":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}]}`],
    ["inputs", `{"ops":[{"kind":"add","name":"a","inputs":["${"b".repeat(1 << 20)}"]}]}`],
    ["a field", `{"${"\\u0001".repeat(1 << 16)}":1}`],
  ])("is short about %s of any depth and length", (_, text) => {
    try {
      read(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(BadArgument);
      expect((error as BadArgument).message.length).toBeLessThanOrEqual(360);
    }
  });

  it("refuses text that is not JSON", () => {
    expect(() => read("{")).toThrow(BadFile);
    expect(() => readArch(Uint8Array.of(0xff))).toThrow(BadFile);
  });

  it.each([
    ["null", "arch: expected an object, got null"],
    ["[]", "arch: expected an object"],
    ["{}", "arch: expected one of convention and ops, got neither"],
    ['{"convention":"paper","ops":[]}', "got both"],
    ['{"convention":"bert"}', "arch.convention: expected paper, stack, mamba_ssm, huggingface"],
    ['{"convention":"paper","x":1}', "arch.x: expected only $schema, convention, ops, outputs"],
    ['{"ops":{}}', "arch.ops: expected a list"],
    ['{"ops":[1]}', "arch.ops[0]: expected an object, got 1"],
    ['{"ops":[{"kind":"conv"}]}', "arch.ops[0].kind: expected linear, affine, norm"],
    ['{"ops":[{"kind":"linear"}]}', "arch.ops[0].name: expected a string, got nothing"],
    ['{"ops":[{"kind":"linear","name":"a","pool":"max"}]}', "arch.ops[0].pool: expected only"],
    ['{"ops":[{"kind":"linear","name":"a","input":1}]}', "arch.ops[0].input: expected a string"],
    ['{"ops":[{"kind":"pool","name":"a"}]}', "arch.ops[0].pool: expected mean, last, max"],
    [
      '{"ops":[{"kind":"norm","name":"a","norm":"batch"}]}',
      "arch.ops[0].norm: expected rms, layer",
    ],
    ...["-1", "0", "1e-40", "1e39", '"1e-5"'].map((eps) => [
      `{"ops":[{"kind":"norm","name":"a","eps":${eps}}]}`,
      "arch.ops[0].eps: expected a normal float32 above 0",
    ]),
    [
      '{"ops":[{"kind":"add","name":"a","inputs":["b"]}]}',
      "arch.ops[0].inputs: expected 2 names or more",
    ],
    ['{"ops":[{"kind":"activation","name":"a","activation":"sin"}]}', "expected silu, relu, gelu"],
    ['{"convention":"paper","rename":{"a":1}}', "arch.rename.a: expected a string"],
    ['{"convention":"paper","ignore":"a"}', "arch.ignore: expected a list"],
    ['{"convention":"paper","labels":[1]}', "arch.labels[0]: expected a string"],
  ])("refuses %s", (text, message) => {
    expect(() => read(text)).toThrow(BadArgument);
    expect(() => read(text)).toThrow(message);
  });
});
