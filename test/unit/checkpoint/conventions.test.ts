import { describe, expect, it } from "vitest";
import {
  type Arch,
  readCheckpoint,
  type StateDict,
  toNetwork,
} from "../../../ts/checkpoint/index.js";
import { BadCheckpoint, NonFinite } from "../../../ts/core/errors.js";
import { inputsOf } from "../../../ts/graph/form.js";
import type { EmbeddingOp, LinearOp, MambaOp, Network, NormOp } from "../../../ts/graph/network.js";
import { type BlockSizes, fixture, mambaShapes, type Shapes, stateDict } from "./support.js";

const SIZES: BlockSizes = { dModel: 7, dInner: 14, dState: 5, dConv: 3, dtRank: 2 };
const VOCABULARY = 11;

const paperShapes: Shapes = {
  "linear_in.weight": [7, 40],
  "linear_in.bias": [7],
  ...mambaShapes("mamba", SIZES),
  "classifier.weight": [3, 7],
  "classifier.bias": [3],
};

function layerShapes(prefix: string, layers: number): Shapes {
  const shapes: Record<string, readonly number[]> = {};
  for (let layer = 0; layer < layers; layer++) {
    shapes[`${prefix}${layer}.norm.weight`] = [7];
    Object.assign(shapes, mambaShapes(`${prefix}${layer}.mixer`, SIZES));
  }
  return shapes;
}

const stackShapes = (layers: number): Shapes => ({
  "linear_in.weight": [7, 9],
  ...layerShapes("layers.", layers),
  "norm_f.weight": [7],
  "classifier.weight": [2, 7],
});

/** A stack of one Mamba-2 block: 14 channels in 2 heads, 5 states. */
const mamba2Shapes: Shapes = {
  "linear_in.weight": [7, 9],
  "layers.0.norm.weight": [7],
  "layers.0.mixer.A_log": [2],
  "layers.0.mixer.D": [2],
  "layers.0.mixer.dt_bias": [2],
  "layers.0.mixer.in_proj.weight": [40, 7],
  "layers.0.mixer.conv1d.weight": [24, 1, 3],
  "layers.0.mixer.norm.weight": [14],
  "layers.0.mixer.out_proj.weight": [7, 14],
  "norm_f.weight": [7],
  "classifier.weight": [2, 7],
};

const languageModelShapes = (embedding: string): Shapes => ({
  [`${embedding}.weight`]: [VOCABULARY, 7],
  ...layerShapes("backbone.layers.", 2),
  "backbone.norm_f.weight": [7],
});

/** Operators as "name(inputs)". */
function outline({ ops }: Network): string[] {
  return ops.map((op) => {
    return `${op.name}(${inputsOf(op).join(",")})`;
  });
}

function without(shapes: Shapes, ...names: string[]): Shapes {
  return Object.fromEntries(Object.entries(shapes).filter(([name]) => !names.includes(name)));
}

/** The error's own fields. */
function refusal(dict: StateDict): BadCheckpoint {
  try {
    toNetwork(dict);
  } catch (error) {
    expect(error).toBeInstanceOf(BadCheckpoint);
    return error as BadCheckpoint;
  }
  throw new Error("it was accepted");
}

describe("toNetwork, paper", () => {
  it("recognises the names and infers the sizes", () => {
    const network = toNetwork(stateDict(paperShapes));
    expect(network).toMatchObject({ convention: "paper", inputWidth: 40, inputKind: "frames" });
    expect(network.labels).toBeUndefined();
    expect(outline(network)).toEqual(["linear_in(0)", "mamba(1)", "pool(2)", "classifier(3)"]);
    expect(network.ops[2]).toMatchObject({ kind: "pool", pool: "mean" });
    const mamba = network.ops[1] as MambaOp;
    expect(mamba.aLog.name).toBe("mamba.A_log");
    expect(mamba.xProj.weight.shape).toEqual([12, 14]);
    expect(Object.keys(mamba.inProj)).toEqual(["weight"]);
    expect(Object.keys(mamba.conv1d ?? {})).toEqual(["weight"]);
  });

  it("takes the optional biases, and a classifier of no bias or none at all", () => {
    const biases = {
      "mamba.in_proj.bias": [28],
      "mamba.conv1d.bias": [14],
      "mamba.out_proj.bias": [7],
    };
    const mamba = toNetwork(stateDict({ ...paperShapes, ...biases })).ops[1] as MambaOp;
    expect(mamba.inProj.bias?.shape).toEqual([28]);
    expect(mamba.conv1d?.bias?.shape).toEqual([14]);
    expect(mamba.outProj?.bias?.shape).toEqual([7]);
    const noBias = toNetwork(stateDict(without(paperShapes, "classifier.bias", "linear_in.bias")));
    expect((noBias.ops[3] as LinearOp).bias).toBeUndefined();
    const noHead = without(paperShapes, "classifier.bias", "classifier.weight");
    expect(outline(toNetwork(stateDict(noHead))).at(-1)).toBe("pool(2)");
  });

  it("takes a convolution's weight of two dimensions", () => {
    const shapes = { ...paperShapes, "mamba.conv1d.weight": [14, 3] };
    expect(toNetwork(stateDict(shapes)).ops).toHaveLength(4);
  });

  it.each([
    ...["module.", "module.module.", "_orig_mod.", "module._orig_mod."],
    ...["model.", "net.", "model.net.", "model._orig_mod.", "module.model.model."],
  ])("tolerates the prefix %s", (prefix) => {
    const renamed = Object.entries(paperShapes).map(([name, shape]) => [prefix + name, shape]);
    const network = toNetwork(stateDict(Object.fromEntries(renamed)));
    expect(network.convention).toBe("paper");
    expect((network.ops[0] as LinearOp).weight.name).toBe(`${prefix}linear_in.weight`);
  });

  it("gives the same network from each format", () => {
    const networks = ["paper_zip.pth", "paper_legacy.pth", "paper.safetensors"].map((name) =>
      toNetwork(readCheckpoint(fixture(name))),
    );
    expect(networks[0]).toEqual(networks[1]);
    expect(networks[0]).toEqual(networks[2]);
  });
});

describe("toNetwork, stack", () => {
  it("chains the layers with their residuals", () => {
    const network = toNetwork(stateDict(stackShapes(2)));
    expect(network).toMatchObject({ convention: "stack", inputWidth: 9, inputKind: "frames" });
    expect(outline(network)).toEqual([
      "linear_in(0)",
      "layers.0.norm(1)",
      "layers.0.mixer(2)",
      "layers.0.add(1,3)",
      "layers.1.norm(4)",
      "layers.1.mixer(5)",
      "layers.1.add(4,6)",
      "norm_f(7)",
      "pool(8)",
      "classifier(9)",
    ]);
    expect(network.ops[8]).toMatchObject({ pool: "mean" });
  });

  it("takes a norm with a bias for a LayerNorm, else for an RMSNorm", () => {
    const network = toNetwork(stateDict({ ...stackShapes(1), "layers.0.norm.bias": [7] }));
    const norms = network.ops.filter((op): op is NormOp => op.kind === "norm");
    expect(norms.map(({ norm, eps }) => [norm, eps])).toEqual([
      ["layer", 1e-5],
      ["rms", 1e-5],
    ]);
    expect(Object.hasOwn(norms[1] as NormOp, "bias")).toBe(false);
  });

  it("orders ten layers and more by number", () => {
    const network = toNetwork(stateDict(stackShapes(12)));
    expect(network.ops.filter(({ kind }) => kind === "mamba").at(-1)?.name).toBe("layers.11.mixer");
  });

  it("refuses gaps, and no layer at all", () => {
    const shapes = stackShapes(4);
    const gap = (...prefixes: string[]) =>
      Object.entries(shapes).filter(([name]) => !prefixes.some((p) => name.startsWith(p)));
    expect(refusal(stateDict(Object.fromEntries(gap("layers.1."))))).toMatchObject({
      tensor: "layers.1",
      expected: expect.stringContaining("layers 0 to 3 without gaps"),
      got: "no tensor of layer 1",
    });
    expect(refusal(stateDict(Object.fromEntries(gap("layers.0.", "layers.2."))))).toMatchObject({
      tensor: "layers.0",
      got: "no tensor of layer 0, 2",
    });
    expect(refusal(stateDict({ "layers.x.norm.weight": [7] })).got).toBe("none");
    const far = refusal(stateDict({ "layers.0.a": [1], "layers.999999.a": [1] }));
    expect(far.got).toContain("999986 more");
    const endless = `layers.${"9".repeat(400)}.a`;
    expect(refusal(stateDict({ [endless]: [1], "layers.0.a": [1] })).message).toContain("missing");
  });
});

describe("toNetwork, language models", () => {
  it.each([
    ["mamba_ssm", "backbone.embedding"],
    ["huggingface", "backbone.embeddings"],
  ])("recognises %s, with the head tied to the embedding", (convention, embedding) => {
    const network = toNetwork(stateDict(languageModelShapes(embedding)));
    expect(network).toMatchObject({ convention, inputWidth: 1, inputKind: "tokens" });
    expect(outline(network)).toEqual([
      "embedding(0)",
      "layers.0.norm(1)",
      "layers.0.mixer(2)",
      "layers.0.add(1,3)",
      "layers.1.norm(4)",
      "layers.1.mixer(5)",
      "layers.1.add(4,6)",
      "pool(7)",
      "norm_f(8)",
      "lm_head(9)",
    ]);
    expect(network.ops[7]).toMatchObject({ pool: "last" });
    const table = (network.ops[0] as EmbeddingOp).weight;
    expect((network.ops.at(-1) as LinearOp).weight).toBe(table);
  });

  it("takes a head of its own, unless its values are the embedding's", () => {
    const shapes = {
      ...languageModelShapes("backbone.embedding"),
      "lm_head.weight": [VOCABULARY, 7],
    };
    const dict = stateDict(shapes);
    const ends = () => {
      const { ops } = toNetwork(dict);
      return [(ops[0] as EmbeddingOp).weight, (ops.at(-1) as LinearOp).weight] as const;
    };
    const [table, same] = ends();
    expect(same).toBe(table);
    (dict.tensors.get("lm_head.weight")?.data as Float32Array)[3] = 9;
    const [, own] = ends();
    expect(own.name).toBe("lm_head.weight");
  });

  it("refuses a head of another shape", () => {
    const shapes = { ...languageModelShapes("backbone.embedding"), "lm_head.weight": [4, 7] };
    expect(refusal(stateDict(shapes))).toMatchObject({
      tensor: "lm_head.weight",
      expected: "shape [11, 7]",
      got: "[4, 7]",
    });
  });
});

describe("toNetwork, refusals", () => {
  it("names all missing and all unknown tensors", () => {
    const shapes = {
      ...without(paperShapes, "mamba.D", "mamba.dt_proj.bias"),
      "mamba.extra": [1],
    };
    const others = new Map([
      ["bn.num_batches_tracked", { name: "bn.num_batches_tracked", type: "int64", shape: [] }],
    ]);
    const { tensor, expected, got } = refusal(stateDict(shapes, others));
    expect(tensor).toBe("mamba.D");
    expect(expected).toContain("paper convention (linear_in.*, mamba.*, classifier.*)");
    expect(got).toBe(
      "missing tensors: mamba.D, mamba.dt_proj.bias; " +
        "unknown tensors: mamba.extra, bn.num_batches_tracked (int64 [])",
    );
  });

  it("abbreviates many names", () => {
    const many = Array.from({ length: 40 }, (_, i) => [`mamba.extra${i}`, [1]]);
    const { got } = refusal(stateDict({ ...paperShapes, ...Object.fromEntries(many) }));
    expect(got).toContain("mamba.extra11 and 28 more");
  });

  it("names the conventions when the names follow none", () => {
    const { expected, got } = refusal(stateDict({ "encoder.weight": [2, 2] }));
    for (const name of ["paper", "stack", "mamba_ssm", "huggingface", "arch file"]) {
      expect(expected).toContain(name);
    }
    expect(got).toBe("encoder.weight");
    expect(refusal(stateDict({})).got).toBe("no tensors");
  });

  it.each([
    ["linear_in.bias", [8], "shape [7]"],
    ["mamba.A_log", [14, 5, 1], "shape [inner, states], 2 positive sizes"],
    ["mamba.D", [13], "shape [14]"],
    ["mamba.in_proj.weight", [28, 8], "shape [28, 7]"],
    ["mamba.in_proj.weight", [27, 7], "shape [28, 7]"],
    ["mamba.conv1d.weight", [14, 2, 3], "shape [14, 1, 3] or [14, taps]"],
    ["mamba.conv1d.weight", [14, 1, 0], "shape [14, 1, 0] or [14, taps]"],
    ["mamba.x_proj.weight", [13, 14], "shape [12, 14]"],
    ["mamba.dt_proj.weight", [15, 2], "shape [14, 2]"],
    ["mamba.dt_proj.bias", [1, 14], "shape [14]"],
    ["mamba.out_proj.weight", [7, 13], "shape [7, 14]"],
    ["classifier.weight", [3, 8], "shape [3, 7]"],
    ["classifier.weight", [0, 7], "shape [0, 7]"],
    ["classifier.bias", [4], "shape [3]"],
  ])("checks the shape of %s: not %j", (name, shape, expected) => {
    const error = refusal(stateDict({ ...paperShapes, [name]: shape }));
    expect(error).toMatchObject({ tensor: name, expected, got: `[${shape.join(", ")}]` });
  });

  it.each([
    ["names of no convention", { "encoder.weight": [2, 2] }],
    ["unknown and missing ones", { ...without(paperShapes, "mamba.D"), "mamba.extra": [1] }],
    ["a missing layer", { "layers.0.a": [1], "layers.2.a": [1] }],
    ["no layer", { "layers.x.norm.weight": [7] }],
  ])("mentions --arch for %s", (_, shapes) => {
    expect(refusal(stateDict(shapes as Shapes)).message).toContain("--arch FILE");
  });

  it.each([
    ["a long name", { [`a${"b".repeat(1 << 20)}`]: [1] }],
    [
      "many long names",
      Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`${i}`.repeat(99), [1]])),
    ],
    ["many layers", { ...stackShapes(30), extra: [1], "layers.40.x": [2] }],
    ["control characters", { "a\u001b[2J\u009b\u202e\nb": [1] }],
    ["many dimensions", { ...paperShapes, "mamba.D": new Array(1000).fill(1) }],
  ])("keeps its message short and plain for %s", (_, shapes) => {
    const { message } = refusal(stateDict(shapes as Shapes));
    expect(message.length).toBeLessThanOrEqual(360);
    expect(message).not.toMatch(/\p{C}/u);
  });

  it("refuses integer weights by name", () => {
    const others = new Map([["mamba.D", { name: "mamba.D", type: "int64", shape: [14] }]]);
    const error = refusal(stateDict(without(paperShapes, "mamba.D"), others));
    expect(error).toMatchObject({ tensor: "mamba.D", got: "int64 elements" });
  });

  it("takes Mamba-2 blocks, by one A a head", () => {
    const { ops, assumptions } = toNetwork(stateDict(mamba2Shapes));
    const blocks = ops.filter(({ kind }) => kind === "mamba2");
    expect(blocks).toMatchObject([
      { name: "layers.0.mixer", groups: 1, normEps: 1e-5, normPlace: "behind_gate" },
    ]);
    expect(assumptions).toContain("All heads of a Mamba-2 block share B and C.");
    const bare = toNetwork(stateDict(without(mamba2Shapes, "layers.0.mixer.norm.weight")));
    expect(bare.ops.some((op) => "normWeight" in op)).toBe(false);
  });

  it("refuses a Mamba-2 block whose rows of in_proj are others, as of d_mlp", () => {
    const error = refusal(stateDict({ ...mamba2Shapes, "layers.0.mixer.in_proj.weight": [41, 7] }));
    expect(error).toMatchObject({ tensor: "layers.0.mixer.in_proj.weight", got: "41 rows" });
    const mixed = { ...mamba2Shapes, "layers.0.mixer.x_proj.weight": [9, 14] };
    expect(refusal(stateDict(mixed)).got).toContain("unknown tensors: layers.0.mixer.x_proj");
  });

  it("refuses Mamba-3, named", () => {
    const mamba3 = {
      "backbone.layers.0.mixer.B_bias": [2, 1, 5],
      "backbone.layers.0.mixer.dt_bias": [2],
    };
    expect(refusal(stateDict(mamba3)).got).toContain("a Mamba-3 block");
  });

  it("does not take a norm at the end of a module called mamba or mixer for Mamba-2's", () => {
    const shapes = {
      "embed.weight": [7, 9],
      "mamba.layers.0.norm.weight": [7],
      ...mambaShapes("mamba.layers.0.mixer", SIZES),
      "mamba.norm.weight": [7],
      "mamba.norm.bias": [7],
      "mixer.norm.weight": [7],
      "head.weight": [3, 7],
    };
    const arch: Arch = {
      ops: [
        { kind: "linear", name: "embed" },
        { kind: "norm", name: "mamba.layers.0.norm" },
        { kind: "mamba", name: "mamba.layers.0.mixer" },
        { kind: "norm", name: "mamba.norm" },
        { kind: "norm", name: "mixer.norm" },
        { kind: "pool", name: "pool", pool: "mean" },
        { kind: "linear", name: "head" },
      ],
    };
    expect(toNetwork(stateDict(shapes), { arch }).ops).toHaveLength(7);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "refuses a weight of %s, with its tensor and position",
    (value) => {
      const dict = stateDict(paperShapes);
      (dict.tensors.get("mamba.x_proj.weight")?.data as Float32Array)[14 * 3 + 2] = value;
      try {
        toNetwork(dict);
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(NonFinite);
        const { where, position } = error as NonFinite;
        expect([where, position]).toEqual(["mamba.x_proj.weight", [3, 2]]);
      }
    },
  );
});
