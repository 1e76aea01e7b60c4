/** What a network says that it took for granted, what an arch file or a config.json says instead, and Vim's blocks. */
import { describe, expect, it } from "vitest";
import { type Arch, readArch, toNetwork } from "../../../ts/checkpoint/index.js";
import { BadArgument } from "../../../ts/core/errors.js";
import type { MambaOp, NormOp, Op } from "../../../ts/graph/network.js";
import { type BlockSizes, mambaShapes, type Shapes, stateDict } from "./support.js";

const SIZES: BlockSizes = { dModel: 4, dInner: 8, dState: 2, dConv: 2, dtRank: 1 };

const paperShapes: Shapes = {
  "linear_in.weight": [4, 3],
  ...mambaShapes("mamba", SIZES),
  "classifier.weight": [2, 4],
};
const layer = (prefix: string) => ({
  [`${prefix}.norm.weight`]: [4],
  ...mambaShapes(`${prefix}.mixer`, SIZES),
});
const stackShapes: Shapes = {
  "linear_in.weight": [4, 3],
  ...layer("layers.0"),
  "norm_f.weight": [4],
  "classifier.weight": [2, 4],
};
const languageShapes: Shapes = {
  "backbone.embeddings.weight": [5, 4],
  ...layer("backbone.layers.0"),
  "backbone.norm_f.weight": [4],
};

const build = (shapes: Shapes, arch?: unknown) =>
  toNetwork(stateDict(shapes), arch === undefined ? {} : { arch: arch as Arch });
const readJson = (value: unknown) => readArch(new TextEncoder().encode(JSON.stringify(value)));
const mambaOf = ({ ops }: { readonly ops: readonly Op[] }) =>
  ops.find(({ kind }) => kind === "mamba") as MambaOp;

const BLOCK = [
  "Rows of a Mamba block's x_proj make dt, B and C, in this order.",
  "dt, B and C of a Mamba block are not normed.",
  "The convolution of a Mamba block is causal.",
  "Behind the convolution of a Mamba block is SiLU.",
  "The gate of a Mamba block is SiLU of z.",
];

describe("assumptions", () => {
  it("are all that tensors cannot tell, once each", () => {
    expect(build(paperShapes).assumptions).toEqual([
      "The block stands alone: no norm, no residual and no activation beside it.",
      "The classifier sees the mean of all rows.",
      ...BLOCK,
    ]);
    expect(build(stackShapes).assumptions).toEqual([
      "A layer is x + mixer(norm(x)): the norm is before the block.",
      "What a layer makes is added to what it was given.",
      "The classifier sees the mean of all rows.",
      "Norms without a bias are RMS norms.",
      "The eps of norms is 0.00001.",
      ...BLOCK,
    ]);
  });

  it("are not what the arch file says", () => {
    const { assumptions } = build(stackShapes, {
      convention: "stack",
      eps: 1e-6,
      norm: "rms",
      normPlace: "after",
      residual: true,
      pooling: "max",
      mamba: { xProjOrder: "dtBC", gate: "sigmoid", convolution: "causal", convActivation: "none" },
    });
    expect(assumptions).toEqual(["dt, B and C of a Mamba block are not normed."]);
  });
});

describe("options of a convention", () => {
  it("say which variant a block of standard names is", () => {
    const mamba = { xProjOrder: "BCdt", gate: "sigmoid", convolution: "centred" };
    expect(mambaOf(build(paperShapes, { convention: "paper", mamba }))).toMatchObject(mamba);
  });

  it("say where norms are, of which kind, and what is pooled how", () => {
    const kinds = (arch: object) =>
      build(stackShapes, { convention: "stack", ...arch }).ops.map(({ kind }) => kind);
    expect(kinds({})).toEqual(["linear", "norm", "mamba", "add", "norm", "pool", "linear"]);
    expect(kinds({ normPlace: "after" })).toEqual([
      ...["linear", "mamba", "add", "norm", "norm", "pool", "linear"],
    ]);
    expect(kinds({ residual: false })).toEqual([
      ...["linear", "norm", "mamba", "norm", "pool", "linear"],
    ]);
    expect(kinds({ pooling: "none" })).toEqual([
      ...["linear", "norm", "mamba", "add", "norm", "linear"],
    ]);
    const { ops } = build(stackShapes, { convention: "stack", norm: "layer", eps: 1e-3 });
    expect(ops.filter(({ kind }) => kind === "norm")).toMatchObject([
      { norm: "layer", eps: 1e-3 },
      { norm: "layer", eps: 1e-3 },
    ]);
  });
});

describe("the config.json of a language model", () => {
  it("says Mamba's eps", () => {
    const arch = readJson({ model_type: "mamba", layer_norm_epsilon: 1e-4, hidden_act: "silu" });
    const network = build(languageShapes, arch);
    expect((network.ops[1] as NormOp).eps).toBe(1e-4);
    expect(mambaOf(network).scanNorm).toBeUndefined();
    expect(network.assumptions).toEqual([
      "The output is that of the last row.",
      "dt, B and C of a Mamba block are not normed.",
    ]);
  });

  it("says that Falcon-Mamba norms dt, B and C", () => {
    const arch = readJson({ model_type: "falcon_mamba", mixer_rms_eps: 1e-3 });
    const network = build(languageShapes, arch);
    expect(mambaOf(network).scanNorm).toEqual({ eps: 1e-3 });
    expect(network.assumptions).toEqual(["The output is that of the last row."]);
    expect(
      mambaOf(build(languageShapes, readJson({ model_type: "falcon_mamba" }))).scanNorm,
    ).toEqual({
      eps: 1e-6,
    });
  });

  it("may be mamba_ssm's own", () => {
    expect(readJson({ d_model: 4, n_layer: 1, rms_norm: false, ssm_cfg: {} })).toMatchObject({
      convention: "mamba_ssm",
      norm: "layer",
    });
  });

  it("may be of Mamba-2, with its groups, limits and norm", () => {
    const ofTransformers = { model_type: "mamba2", n_groups: 2, layer_norm_epsilon: 1e-6 };
    expect(readJson({ ...ofTransformers, time_step_limit: [0.01, 0.5] })).toMatchObject({
      mamba2: { groups: 2, leastDt: 0.01, mostDt: 0.5, normEps: 1e-6, normGroups: 1 },
    });
    const text = '{"model_type": "mamba2", "time_step_limit": [0.0, Infinity]}';
    const { mamba2 } = readArch(new TextEncoder().encode(text));
    expect(mamba2).toEqual({
      ...{ groups: 8, leastDt: 0, normEps: 1e-5, normGroups: 1, normPlace: "behind_gate" },
    });
    const block = { layer: "Mamba2", ngroups: 4, norm_before_gate: true };
    expect(readJson({ d_model: 4, n_layer: 1, ssm_cfg: block })).toMatchObject({
      convention: "mamba_ssm",
      mamba2: { groups: 4, normGroups: 4, normPlace: "before_gate", leastDt: 0 },
    });
  });

  it.each([
    [{ model_type: "mamba3" }, "config.model_type: expected mamba, falcon_mamba, mamba2"],
    [{ model_type: "mamba2", time_step_limit: [0] }, "the limits of dt: expected two numbers"],
    [{ model_type: "mamba2", n_groups: 0 }, "arch.mamba2.groups: expected an integer from 1 on"],
    [{ model_type: "mamba", hidden_act: "relu" }, "config.hidden_act: expected silu"],
    [{ model_type: "mamba", layer_norm_epsilon: "x" }, "arch.eps: expected a normal float32"],
    [{ model_type: "falcon_mamba", mixer_rms_eps: 0 }, "arch.mamba.scanNormEps: expected"],
    [
      { d_model: 4, n_layer: 1, ssm_cfg: { layer: "Mamba3" } },
      "config.ssm_cfg.layer: expected Mamba1 or Mamba2",
    ],
    [{ d_model: 4, n_layer: 1, ssm_cfg: null }, undefined],
  ])("of another network is refused: %j", (config, message) => {
    if (message === undefined) expect(readJson(config)).toMatchObject({ convention: "mamba_ssm" });
    else {
      expect(() => readJson(config)).toThrow(BadArgument);
      expect(() => readJson(config)).toThrow(message);
    }
  });
});

describe("Vim's blocks of two directions", () => {
  const first: Shapes = { ...stackShapes, "layers.0.mixer.A_b_log": [8, 2] };
  const second: Shapes = {
    ...first,
    "layers.0.mixer.D_b": [8],
    "layers.0.mixer.conv1d_b.weight": [8, 1, 2],
    "layers.0.mixer.x_proj_b.weight": [5, 8],
    "layers.0.mixer.dt_proj_b.weight": [8, 1],
    "layers.0.mixer.dt_proj_b.bias": [8],
  };
  const kinds = (shapes: Shapes) => build(shapes).ops.map(({ kind }) => kind);

  it("are recognised by their names in a convention", () => {
    expect(kinds(first)).toEqual([
      ...["linear", "norm", "linear", "conv1d", "activation", "selective_scan", "reverse"],
      ...["selective_scan", "reverse", "add", "gate", "linear", "add", "norm", "pool", "linear"],
    ]);
    expect(kinds(second)).toEqual([
      ...["linear", "norm", "mamba", "reverse", "mamba", "reverse", "add", "linear", "add"],
      ...["norm", "pool", "linear"],
    ]);
    expect(build(second).assumptions).toContain(
      "The outputs of the two directions of a bimamba are added, not averaged.",
    );
  });

  it("miss what one direction has and the other has not", () => {
    const { "layers.0.mixer.dt_proj_b.weight": _, ...rest } = second as Record<string, number[]>;
    expect(() => build(rest)).toThrow("missing tensors: layers.0.mixer.dt_proj_b.weight");
  });
});
