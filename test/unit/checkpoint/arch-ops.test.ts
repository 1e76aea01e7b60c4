/** What arch files say in short: rounds, numbered names, constants, directions, rows and widths that tensors tell. */
import { describe, expect, it } from "vitest";
import { type Arch, readArch, toNetwork } from "../../../ts/checkpoint/index.js";
import { BadArgument, BadCheckpoint } from "../../../ts/core/errors.js";
import { inputsOf } from "../../../ts/graph/form.js";
import type {
  AffineOp,
  LinearOp,
  MambaOp,
  Network,
  PositionsOp,
} from "../../../ts/graph/network.js";
import { type BlockSizes, mambaShapes, type Shapes, stateDict } from "./support.js";

const SIZES: BlockSizes = { dModel: 4, dInner: 8, dState: 2, dConv: 2, dtRank: 1 };

const build = (shapes: Shapes, arch: unknown): Network =>
  toNetwork(stateDict(shapes), { arch: arch as Arch });
const refusal = (shapes: Shapes, arch: unknown) => () => build(shapes, arch);
const outline = ({ ops }: Network) => ops.map((op) => `${op.name}(${inputsOf(op).join(",")})`);

describe("a repeat", () => {
  const shapes = {
    "in.weight": [4, 3],
    "l.0.n.weight": [4],
    ...mambaShapes("l.0.m", SIZES),
    "l.1.n.weight": [4],
    ...mambaShapes("l.1.m", SIZES),
  };
  const round = [
    { kind: "norm", name: "l.{i}.n" },
    { kind: "mamba", name: "l.{i}.m" },
    { kind: "add", name: "x.{i}", inputs: ["{start}", "l.{i}.m"] },
  ];

  it("has its ops as often, with the round's number and what it begins with", () => {
    const network = build(shapes, {
      ops: [
        { kind: "linear", name: "in" },
        { repeat: 2, ops: round },
      ],
    });
    expect(outline(network)).toEqual([
      "in(0)",
      "l.0.n(1)",
      "l.0.m(2)",
      "x.0(1,3)",
      "l.1.n(4)",
      "l.1.m(5)",
      "x.1(4,6)",
    ]);
  });

  it("may begin elsewhere, use another letter, count on and be nested", () => {
    const slices = (first: object, name: string) => ({
      ...first,
      ops: [{ kind: "slice", name, input: "input", first: "{j+1}", width: 1 }],
    });
    const network = build(
      {},
      {
        inputWidth: 9,
        ops: [
          { repeat: 2, ops: [slices({ repeat: 2, first: 5, index: "j" }, "s.{i}.{j-1}")] },
          { kind: "concat", name: "all", inputs: ["s.0.{4..5}", "s.1.{4..5}"] },
        ],
      },
    );
    expect(outline(network)).toEqual([
      ...["s.0.4(0)", "s.0.5(0)", "s.1.4(0)", "s.1.5(0)"],
      "all(1,2,3,4)",
    ]);
    expect(network.ops.slice(0, 2)).toMatchObject([{ first: 6 }, { first: 7 }]);
  });

  it.each([
    [{ repeat: 0, ops: round }, "arch.ops[0].repeat: expected an integer from 1 on, got 0"],
    [{ repeat: "2", ops: round }, 'arch.ops[0].repeat: expected an integer from 1 on, got "2"'],
    [{ repeat: 2, first: -1, ops: round }, "arch.ops[0].first: expected an integer from 0 on"],
    [{ repeat: 2, index: "ij", ops: round }, "arch.ops[0].index: expected a lower-case letter"],
    [{ repeat: 2, ops: [] }, "arch.ops[0].ops: expected one operator or more, got none"],
    [{ repeat: 2, name: "a", ops: round }, "arch.ops[0].name: expected only repeat, first"],
    [{ repeat: 1e9, ops: round }, "expected at most 4096 operators, got more"],
    [
      { repeat: 2, ops: [{ kind: "norm", name: "same" }] },
      'arch.ops[0].ops[0] (i = 1).name: expected a name not used before, got "same"',
    ],
    [
      { repeat: 2, ops: [{ repeat: 2, ops: round }] },
      "arch.ops[0].ops[0].index: expected a lower-case letter that no repeat around it has",
    ],
    [
      { repeat: 2, ops: [{ kind: "norm", name: "{i}", eps: 0 }] },
      "arch.ops[0].ops[0] (i = 0).eps: expected a normal float32 above 0",
    ],
  ])("is refused where it is wrong: %j", (item, message) => {
    const read = () => readArch(new TextEncoder().encode(JSON.stringify({ ops: [item] })));
    expect(read).toThrow(BadArgument);
    expect(read).toThrow(message);
  });
});

describe("rename and ignore", () => {
  it("take {i} for any number", () => {
    const shapes = {
      "stem.weight": [4, 3],
      "enc.0.ln.weight": [4],
      ...mambaShapes("enc.0.ssm", SIZES),
      "enc.10.ln.weight": [4],
      ...mambaShapes("enc.10.ssm", SIZES),
      "enc.0.aux.1.weight": [1],
      "enc.10.aux.7.weight": [1],
    };
    const network = build(shapes, {
      ops: [
        { kind: "linear", name: "stem" },
        {
          repeat: 2,
          ops: [
            { kind: "norm", name: "n.{i}" },
            { kind: "mamba", name: "m.{i}" },
          ],
        },
      ],
      rename: {
        "enc.10.ln": "n.1",
        "enc.10.ssm": "m.1",
        "enc.{i}.ln": "n.{i}",
        "enc.{i}.ssm": "m.{i}",
      },
      ignore: ["enc.{i}.aux.{j}"],
    });
    expect(network.ops).toHaveLength(5);
  });

  it("need the same number for the same letter, and only numbers", () => {
    const arch = (rule: string) => ({ ops: [{ kind: "linear", name: "a" }], ignore: [rule] });
    const shapes = { "a.weight": [1, 1], "b.1.c.1": [1] };
    expect(build(shapes, arch("b.{i}.c.{i}")).ops).toHaveLength(1);
    expect(refusal({ ...shapes, "b.1.c.2": [1] }, arch("b.{i}.c.{i}"))).toThrow("b.1.c.2");
    expect(refusal({ ...shapes, "b.x.c.1": [1] }, arch("b.{i}.c"))).toThrow("b.x.c.1");
  });
});

describe("tensors", () => {
  it("of a convolution of one tap make a linear layer, also where they are shared", () => {
    const { ops } = build(
      { "p.weight": [3, 4, 1], "p.bias": [3] },
      {
        ops: [
          { kind: "linear", name: "p" },
          { kind: "linear", name: "q", weights: "p", input: "input" },
          { kind: "add", name: "s", inputs: ["p", "q"] },
        ],
      },
    );
    const [p, q] = ops as [LinearOp, LinearOp];
    expect(p.weight.shape).toEqual([3, 4]);
    expect(q.weight).toBe(p.weight);
  });

  it("may have names of their own, be a number, or be left out", () => {
    const { ops } = build(
      { w: [3, 2], gamma: [1, 1, 3], "n.weight": [3], "n.bias": [3] },
      {
        ops: [
          { kind: "linear", name: "a", tensors: { weight: "w" } },
          { kind: "affine", name: "b", tensors: { scale: "gamma", shift: 0 } },
          { kind: "norm", name: "c", weights: null },
          { kind: "norm", name: "n", norm: "layer", tensors: { bias: null } },
        ],
        ignore: ["n.bias"],
      },
    );
    expect((ops[1] as AffineOp).scale.shape).toEqual([3]);
    expect([...(ops[1] as AffineOp).shift.data]).toEqual([0, 0, 0]);
    expect(ops[2]).not.toHaveProperty("weight");
    expect(ops[3]).not.toHaveProperty("bias");
  });

  it("that share their data are one, as tied weights are", () => {
    const dict = stateDict({ "a.weight": [3, 3] });
    const a = dict.tensors.get("a.weight")!;
    (dict.tensors as Map<string, typeof a>).set("b.weight", { ...a, name: "b.weight" });
    const arch = { ops: ["a", "b"].map((name) => ({ kind: "linear", name })) };
    const [one, other] = toNetwork(dict, { arch }).ops as [LinearOp, LinearOp];
    expect(other.weight).toBe(one.weight);
  });

  it("of a norm are missed when there are none, unless the file says so", () => {
    const ops = [
      { kind: "linear", name: "a" },
      { kind: "norm", name: "nrom" },
    ];
    expect(refusal({ "a.weight": [3, 3] }, { ops })).toThrow(
      'nrom.weight: expected shape [3], or "weights": null for an operator without, got no such tensor',
    );
  });

  it("of a BatchNorm have PyTorch's names, and its counter is not missed", () => {
    const shapes = Object.fromEntries(
      ["weight", "bias", "running_mean", "running_var"].map((name) => [`bn.${name}`, [3]]),
    );
    const counter = { name: "bn.num_batches_tracked", type: "int64", shape: [] };
    const dict = stateDict(shapes, new Map([[counter.name, counter]]));
    const { ops, inputWidth } = toNetwork(dict, {
      arch: { ops: [{ kind: "batchnorm", name: "bn" }] },
    });
    expect(inputWidth).toBe(3);
    expect(Object.keys(ops[0]!)).toEqual(
      expect.arrayContaining(["runningMean", "runningVar", "bias"]),
    );
  });
});

describe("positions", () => {
  it("may be sines and cosines that no tensor holds", () => {
    const positions = (more: object) => ({
      ops: [
        { kind: "linear", name: "e" },
        { kind: "positions", name: "p", ...more },
      ],
    });
    const { ops } = build({ "e.weight": [4, 3] }, positions({ sinusoidal: 3 }));
    const { shape, data } = (ops[1] as PositionsOp).table;
    expect(shape).toEqual([3, 4]);
    const row = (t: number) => [Math.sin(t), Math.cos(t), Math.sin(t / 100), Math.cos(t / 100)];
    expect([...data]).toEqual([0, 1, 2].flatMap(row).map(Math.fround));
    const both = positions({ sinusoidal: 3, weights: "p" });
    expect(refusal({ "e.weight": [4, 3] }, both)).toThrow(
      "arch.ops[1].sinusoidal: expected it without",
    );
    const endless = positions({ sinusoidal: 1e9 });
    expect(refusal({ "e.weight": [4, 3] }, endless)).toThrow("arch.ops[1].sinusoidal: expected");
  });
});

describe("arithmetic", () => {
  const shapes = { "w.weight": [2, 2], t: [1, 2], zero: [2] };
  const arch = (op: object) => ({
    ops: [
      { kind: "linear", name: "w" },
      { name: "y", ...op },
    ],
    ignore: [],
  });
  const affine = (op: object, ignored: readonly string[]) => {
    const { ops } = build(shapes, { ...arch(op), ignore: ignored });
    const { kind, scale, shift } = ops[1] as AffineOp;
    expect(kind).toBe("affine");
    return [[...scale.data], [...shift.data]];
  };
  const [a, b] = [-0.5, 1 / 16 - 0.5]; // as stateDict makes them

  it.each([
    [{ kind: "multiply", inputs: ["w", 0.5] }, [0.5, 0.5], [0, 0]],
    [{ kind: "subtract", inputs: [1, "w"] }, [-1, -1], [1, 1]],
    [{ kind: "subtract", inputs: ["w", 1] }, [1, 1], [-1, -1]],
    [{ kind: "divide", inputs: ["w", 4] }, [0.25, 0.25], [0, 0]],
    [{ kind: "add", inputs: [3, "w"] }, [1, 1], [3, 3]],
    [{ kind: "multiply", inputs: ["w", { tensor: "t" }] }, [a, b], [0, 0]],
    [{ kind: "divide", inputs: ["w", { tensor: "t" }] }, [1 / a, Math.fround(1 / b)], [0, 0]],
  ])("with a constant is a scale and a shift: %j", (op, scale, shift) => {
    const usesTensor = JSON.stringify(op).includes("tensor");
    expect(affine(op, usesTensor ? ["zero"] : ["zero", "t"])).toEqual([scale, shift]);
  });

  it("adds and multiplies any number of values", () => {
    const network = build(
      { "w.weight": [2, 2] },
      {
        ops: [
          { kind: "linear", name: "w" },
          { kind: "linear", name: "v", weights: "w" },
          { kind: "add", name: "s", inputs: ["input", "w", 2, "v"] },
        ],
      },
    );
    expect(outline(network)).toEqual(["w(0)", "v(1)", "s.1(0,1)", "s.2(3)", "s(4,2)"]);
  });

  it.each([
    [
      { kind: "divide", inputs: [1, "w"] },
      "arch.ops[1].inputs: expected names of operators alone, got 1",
    ],
    [
      { kind: "maximum", inputs: ["w", 0] },
      "arch.ops[1].inputs: expected names of operators alone, got 0",
    ],
    [{ kind: "add", inputs: [1, 2] }, "expected at least one name of an operator, got [1, 2]"],
    [
      { kind: "add", inputs: ["w", null] },
      "arch.ops[1].inputs[1]: expected the name of an operator, a number or",
    ],
    [{ kind: "add", inputs: ["w", { tensor: "t", x: 1 }] }, "inputs[1].x: expected only tensor"],
    [{ kind: "subtract", inputs: ["w", "w", "w"] }, "arch.ops[1].inputs: expected 2 names (a, b)"],
    [{ kind: "concat", inputs: ["w", 1] }, "arch.ops[1].inputs[1]: expected a string, got 1"],
  ])("is refused where it is wrong: %j", (op, message) => {
    expect(refusal(shapes, arch(op))).toThrow(message);
  });

  it("refuses to divide by zero", () => {
    const dict = stateDict({ "w.weight": [2, 2], t: [2] });
    dict.tensors.get("t")!.data[1] = 0;
    const divide = arch({ kind: "divide", inputs: ["w", { tensor: "t" }] });
    expect(() => toNetwork(dict, { arch: divide as Arch })).toThrow(BadCheckpoint);
  });
});

describe("blocks", () => {
  it("run backward between two reversals, with the weights of another", () => {
    const network = build(
      { "e.weight": [4, 3], ...mambaShapes("m", SIZES) },
      {
        ops: [
          { kind: "linear", name: "e" },
          { kind: "mamba", name: "m" },
          { kind: "mamba", name: "b", weights: "m", input: "e", direction: "backward" },
          { kind: "add", name: "s", inputs: ["m", "b"] },
        ],
      },
    );
    expect(outline(network)).toEqual([
      "e(0)",
      "m(1)",
      "b.reverse(1)",
      "b(3)",
      "b.back(4)",
      "s(2,5)",
    ]);
    const [one, other] = [network.ops[1], network.ops[3]] as [MambaOp, MambaOp];
    expect(other.inProj.weight).toBe(one.inProj.weight);
  });

  it("have norms of dt, B and C by their eps, with or without weights", () => {
    const ops = (more: object) => ({ ops: [{ kind: "mamba", name: "m", ...more }] });
    const plain = build(mambaShapes("m", SIZES), ops({ scanNormEps: 1e-3 }));
    expect((plain.ops[0] as MambaOp).scanNorm).toEqual({ eps: 1e-3 });
    expect(plain.assumptions).not.toContain("dt, B and C of a Mamba block are not normed.");
    const jamba = {
      ...mambaShapes("m", SIZES),
      "m.dt_layernorm.weight": [1],
      "m.b_layernorm.weight": [2],
      "m.c_layernorm.weight": [2],
    };
    const { scanNorm } = build(jamba, ops({ scanNormEps: 1e-6 })).ops[0] as MambaOp;
    expect(scanNorm?.b?.shape).toEqual([2]);
    expect(refusal(jamba, ops({}))).toThrow("scanNorm.eps of op m: expected one, as it has");
  });
});

describe("sizes that tensors tell", () => {
  const flat = (more: object = {}) => ({
    ops: [
      { kind: "linear", name: "a" },
      { kind: "pool", name: "f", pool: "flatten" },
      { kind: "activation", name: "r", activation: "relu" },
      { kind: "linear", name: "h" },
    ],
    ...more,
  });

  it("are the rows of a flatten and of a transpose", () => {
    const network = build({ "a.weight": [4, 3], "h.weight": [2, 20] }, flat());
    expect(network.ops[1]).toMatchObject({ kind: "flatten", rows: 5 });
    const turned = build(
      { "e.weight": [4, 24] },
      {
        inputWidth: 3,
        ops: [
          { kind: "transpose", name: "t" },
          { kind: "linear", name: "e" },
        ],
      },
    );
    expect(turned.ops[0]).toMatchObject({ kind: "transpose", rows: 24 });
  });

  it("are asked for where nothing tells them", () => {
    expect(refusal({ "a.weight": [4, 3], "h.weight": [2, 21] }, flat())).toThrow(
      "arch.ops[1].rows: expected how many rows there are: no weight behind it tells, got nothing",
    );
    const open = {
      ops: [
        { kind: "transpose", name: "t", rows: 4 },
        { kind: "linear", name: "e" },
      ],
    };
    expect(refusal({ "e.weight": [2, 4] }, open)).toThrow(
      "arch.inputWidth: expected the width of an input row, which the tensors leave open",
    );
    const none = { ops: [{ kind: "activation", name: "a", activation: "relu" }] };
    expect(refusal({}, none)).toThrow("arch.inputWidth");
    expect(build({}, { ...none, inputWidth: 2 }).inputWidth).toBe(2);
  });

  it.each([
    [{ kind: "unfold", name: "u", window: 4 }, 2],
    [{ kind: "activation", name: "u", activation: "relu" }, 8],
    [{ kind: "concat", name: "u", inputs: ["input", "input"] }, 8],
  ])("are the input's width through %j", (op, width) => {
    const shapes = { "e.weight": [3, op.kind === "concat" ? 16 : 8] };
    const arch = { ops: [op, { kind: "linear", name: "e" }] };
    if (op.kind === "concat") expect(refusal(shapes, arch)).toThrow(/inputWidth|e\.weight/);
    else expect(build(shapes, arch).inputWidth).toBe(width);
  });

  it("are the input's width through groups of a convolution", () => {
    const arch = { ops: [{ kind: "conv1d", name: "c", groups: 3 }] };
    expect(build({ "c.weight": [6, 2, 5] }, arch).inputWidth).toBe(6);
  });
});

describe("outputs", () => {
  const shapes = { "a.weight": [4, 3], "c.weight": [2, 4], "r.weight": [1, 4] };
  const ops = [
    { kind: "linear", name: "a" },
    { kind: "pool", name: "p", pool: "mean" },
    { kind: "linear", name: "c" },
    { kind: "linear", name: "r", input: "p" },
  ];

  it("have the names of their ops, or given ones", () => {
    expect(build(shapes, { ops, outputs: ["c", "r"] }).outputs).toEqual([
      { name: "c", value: 3 },
      { name: "r", value: 4 },
    ]);
    const named = build(shapes, { ops, outputs: { x: "r", y: "c" }, labels: ["one"] });
    expect(named.outputs?.map(({ name }) => name)).toEqual(["x", "y"]);
  });

  it.each([
    [{ ops }, 'arch.ops[2]: expected what another operator reads or arch.outputs names, got "c"'],
    [{ ops, outputs: [] }, "arch.outputs: expected one operator or more, got none"],
    [{ ops, outputs: ["c", "c"] }, 'arch.outputs: expected names of their own, got "c" twice'],
    [{ ops, outputs: { x: "z" } }, 'arch.outputs "x": expected "input" or an earlier operator'],
    [{ ops, outputs: { x: 1 } }, "arch.outputs.x: expected a string, got 1"],
    [
      { ops, outputs: ["c", "r"], labels: ["a"] },
      "arch.labels: expected 2 names, one a logit, got 1",
    ],
    [
      { ops: ops.slice(0, 1), labels: ["a", "b", "c", "d"], ignore: ["c", "r"] },
      "arch.labels: expected none, as the first output is a sequence, got 4",
    ],
  ])("are refused where they are wrong: %j", (arch, message) => {
    expect(refusal(shapes, arch)).toThrow(message);
  });
});

describe("a reversible normalisation", () => {
  it("is undone with what it was done with", () => {
    const ops = [
      { kind: "revin", name: "r" },
      { kind: "linear", name: "l" },
      { kind: "revin_undo", name: "u", of: "r" },
    ];
    const affine = { "r.affine_weight": [3], "r.affine_bias": [3] };
    const network = build({ "l.weight": [3, 3], ...affine }, { ops, inputWidth: 3 });
    expect(outline(network)).toEqual([
      ...["r.mean(0)", "r.std(0)", "r.centred(0,1)", "r.normed(3,2)", "r(4)", "l(5)"],
      ...["u.bias(6)", "u.weight(7)", "u.scaled(8,2)", "u(9,1)"],
    ]);
    expect(build({ "l.weight": [3, 3] }, { ops, inputWidth: 3 }).ops).toHaveLength(7);
    expect(
      refusal({ "l.weight": [3, 3] }, { ops: [{ ...ops[2], of: "x" }], inputWidth: 3 }),
    ).toThrow('arch.ops[0].of: expected the name of an earlier revin, got "x"');
  });
});

describe("fields", () => {
  const linear = { kind: "linear", name: "a" };
  it.each([
    [
      { kind: "conv1d", name: "c", padding: "full" },
      "arch.ops[1].padding: expected same, causal or an integer",
    ],
    [
      { kind: "conv1d", name: "c", padding: 9 },
      "padding of op c: expected less than the 3 rows of a window",
    ],
    [
      { kind: "conv1d", name: "c", stride: 0 },
      "arch.ops[1].stride: expected an integer from 1 on, got 0",
    ],
    [
      { kind: "conv1d", name: "c", groups: 3 },
      "groups of op c: expected a divisor of its input's width, 4",
    ],
    [
      { kind: "slice", name: "s", first: 3, width: 2 },
      "channels of op s: expected within the 4 of its input",
    ],
    [{ kind: "mamba", name: "m", gate: "sine" }, "arch.ops[1].gate: expected none, silu"],
    [
      { kind: "mamba", name: "m", direction: "up" },
      "arch.ops[1].direction: expected forward, backward",
    ],
    [
      { kind: "pool", name: "p", pool: "attention" },
      "arch.ops[1].score: expected the op that makes it, got nothing",
    ],
    [
      { kind: "pool", name: "p", pool: "attention", score: "z" },
      'arch.ops[1].score: expected "input" or an earlier',
    ],
    [
      { kind: "pool", name: "p", pool: "max", score: "a" },
      "arch.ops[1].score: expected it only with pool attention",
    ],
    [
      { kind: "window_pool", name: "w", pool: "max" },
      "arch.ops[1].window: expected an integer from 1 on, got nothing",
    ],
    [{ kind: "gate", name: "g", inputs: ["a"] }, "arch.ops[1].inputs: expected 2 names (y, u)"],
    [
      { kind: "linear", name: "b", inputs: ["a"] },
      "arch.ops[1].inputs: expected only kind, name, ",
    ],
    [
      { kind: "linear", name: "b", tensors: { wieght: "x" } },
      "arch.ops[1].tensors.wieght: expected only weight, bias",
    ],
    [
      { kind: "linear", name: "b", tensors: { weight: [] } },
      "tensors.weight: expected a tensor's name, a number or null",
    ],
    [
      { kind: "linear", name: "b", tensors: { weight: null } },
      "arch.ops[1].tensors.weight: expected a tensor, got null",
    ],
    [{ kind: "__proto__", name: "b" }, "arch.ops[1].kind: expected linear"],
  ])("are named where they are wrong: %j", (op, message) => {
    const shapes = { "a.weight": [4, 3], "c.weight": [4, 4, 3], "b.weight": [4, 4] };
    expect(refusal(shapes, { ops: [linear, op] })).toThrow(BadArgument);
    expect(refusal(shapes, { ops: [linear, op] })).toThrow(message);
  });

  it.each([
    [{ convention: "paper", eps: 1 }, "arch.eps: expected none, as paper has no layers with norms"],
    [{ convention: "stack", eps: 0 }, "arch.eps: expected a normal float32 above 0"],
    [{ convention: "stack", pooling: "row" }, "arch.pooling: expected mean, last, max"],
    [{ convention: "stack", residual: 1 }, "arch.residual: expected true or false, got 1"],
    [{ convention: "stack", normPlace: "behind" }, "arch.normPlace: expected before, after"],
    [{ convention: "stack", mamba: { gain: 1 } }, "arch.mamba.gain: expected only xProjOrder"],
    [{ convention: "stack", outputs: ["a"] }, "arch.outputs: expected it only beside ops"],
    [{ ops: [linear], pooling: "max" }, "arch.pooling: expected it only beside convention"],
  ])("of a convention, too: %j", (arch, message) => {
    const shapes = {
      "linear_in.weight": [4, 3],
      ...mambaShapes("mamba", SIZES),
      "classifier.weight": [2, 4],
    };
    expect(refusal(shapes, arch)).toThrow(BadArgument);
    expect(refusal(shapes, arch)).toThrow(message);
  });
});
