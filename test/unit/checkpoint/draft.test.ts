/** Drafts of arch files: what tensors and the parts of a whole module tell, and what is marked as a guess. */
import { describe, expect, it } from "vitest";
import { draftLines, draftOf, draftText } from "../../../ts/checkpoint/draft/index.js";
import type { SavedModule } from "../../../ts/checkpoint/saved-module.js";
import { type Shapes, stateDict } from "./support.js";

function block(path: string, width = 8, inner = 16, states = 4): Shapes {
  return {
    [`${path}.A_log`]: [inner, states],
    [`${path}.D`]: [inner],
    [`${path}.in_proj.weight`]: [2 * inner, width],
    [`${path}.conv1d.weight`]: [inner, 1, 4],
    [`${path}.x_proj.weight`]: [1 + 2 * states, inner],
    [`${path}.dt_proj.weight`]: [inner, 1],
    [`${path}.out_proj.weight`]: [width, inner],
  };
}

function linear(path: string, takes: number, gives: number): Shapes {
  return { [`${path}.weight`]: [gives, takes], [`${path}.bias`]: [gives] };
}

function norm(path: string, width = 8): Shapes {
  return { [`${path}.weight`]: [width], [`${path}.bias`]: [width] };
}

function namesOf(shapes: Shapes): string[] {
  return draftLines(draftOf(stateDict(shapes))).map(({ name }) => name);
}

function part(
  type: string,
  attributes: Record<string, number | readonly number[]> = {},
): SavedModule {
  return { type: `torch.nn.modules.${type}`, attributes: new Map(Object.entries(attributes)) };
}

describe("draftOf", () => {
  it("puts norms and blocks with numbers in their names together, layer by layer", () => {
    const shapes = {
      ...linear("embed", 3, 8),
      ...block("m1"),
      ...block("m2"),
      ...norm("n1"),
      ...norm("n2"),
      ...linear("head", 8, 2),
    };
    const { items } = draftOf(stateDict(shapes));
    expect(items[1]).toMatchObject({ first: 1, count: 2 });
    expect(namesOf(shapes)).toEqual([
      "embed",
      "{i} = 1 .. 2",
      "n{i}",
      "m{i}",
      "m{i}.add",
      "pool",
      "head",
    ]);
  });

  it("goes by names where a file is sorted", () => {
    const shapes = {
      ...linear("classifier", 8, 2),
      ...linear("embedding_in", 3, 8),
      ...norm("layers.0.norm"),
      ...block("layers.0.ssm"),
    };
    const sorted = Object.fromEntries(Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(namesOf(sorted)).toEqual([
      ...["embedding_in", "layers.0.norm", "layers.0.ssm", "layers.0.add", "pool", "classifier"],
    ]);
    expect(draftOf(stateDict(sorted)).guess).toMatch(/even the order of the layers is a guess/);
  });

  it("takes from a whole module what no tensor tells", () => {
    const shapes = {
      "stem.0.weight": [8, 3, 5],
      ...norm("norm"),
      ...block("mamba"),
      ...linear("head.0", 8, 8),
      ...linear("head.2", 8, 2),
    };
    const modules = new Map<string, SavedModule>([
      ["", part("module.Net")],
      ["stem", part("container.Sequential")],
      ["stem.0", part("conv.Conv1d", { stride: [2], padding: [1], groups: 1, dilation: [1] })],
      ["stem.1", part("activation.SiLU")],
      ["norm", part("normalization.LayerNorm", { eps: 1e-6 })],
      ["mamba", part("module.Mamba")],
      ["mamba.conv1d", part("conv.Conv1d", { padding: [3] })],
      ["head", part("container.Sequential")],
      ["head.0", part("linear.Linear")],
      ["head.1", part("activation.LeakyReLU")],
      ["head.2", part("linear.Linear")],
    ]);
    const { ops } = JSON.parse(draftText(draftOf({ ...stateDict(shapes), modules })));
    expect(ops).toMatchObject([
      { kind: "conv1d", name: "stem.0", stride: 2, padding: 1 },
      { kind: "activation", name: "stem.1", activation: "silu" },
      { kind: "norm", eps: 1e-6 },
      { kind: "mamba" },
      { kind: "add" },
      { kind: "pool" },
      { kind: "linear", name: "head.0" },
      { kind: "activation", name: "head.1", activation: "leaky_relu" },
      { kind: "linear", name: "head.2" },
    ]);
    const sure = ops.filter((op: { guess?: string }) => op.guess === undefined);
    expect(sure.map(({ kind }: { kind: string }) => kind)).toEqual(
      expect.arrayContaining(["conv1d", "norm", "mamba"]),
    );
  });

  const gates = (path: string, rows: number, takes: number, hidden: number, way = ""): Shapes => ({
    [`${path}.weight_ih_l0${way}`]: [rows, takes],
    [`${path}.weight_hh_l0${way}`]: [rows, hidden],
    [`${path}.bias_ih_l0${way}`]: [rows],
    [`${path}.bias_hh_l0${way}`]: [rows],
  });
  const attention = {
    "attn.in_proj_weight": [24, 8],
    "attn.in_proj_bias": [24],
    ...linear("attn.out_proj", 8, 8),
  };

  it("finds recurrent layers, attention and convolutions over bands by PyTorch's names", () => {
    const shapes = {
      "stem.weight": [4, 1, 3, 3],
      ...linear("proj", 20, 8),
      ...block("mamba"),
      ...norm("norm"),
      ...attention,
      ...gates("gru", 24, 8, 8),
      ...gates("lstm", 24, 8, 6),
      ...gates("lstm", 24, 8, 6, "_reverse"),
      ...linear("head", 12, 3),
    };
    const { ops } = JSON.parse(draftText(draftOf(stateDict(shapes))));
    expect(ops.map(({ kind }: { kind: string }) => kind)).toEqual([
      ...["conv2d", "linear", "mamba", "norm", "attention", "add", "gru", "lstm", "pool", "linear"],
    ]);
    expect(ops[0]).toMatchObject({ bands: 1, padding: 1, guess: expect.stringMatching(/bands/) });
    expect(ops[4]).toMatchObject({
      kind: "attention",
      heads: 4,
      guess: expect.stringMatching(/heads/),
    });
    expect(ops[5]).toMatchObject({ kind: "add", inputs: ["mamba", "attn"] });
    expect(ops[6].guess).toBeUndefined();
    expect(ops[7]).toMatchObject({ kind: "lstm", name: "lstm", bidirectional: true });
  });

  it("takes heads and strides from a whole module", () => {
    const shapes = { "stem.weight": [4, 1, 3, 3], ...attention, ...linear("head", 8, 2) };
    const stem = { stride: [1, 2], padding: [1, 1], dilation: [1, 1], groups: 1 };
    const modules = new Map([
      ["stem", part("conv.Conv2d", stem)],
      ["attn", part("activation.MultiheadAttention", { num_heads: 2 })],
      ["head", part("linear.Linear")],
    ]);
    const { ops } = JSON.parse(draftText(draftOf({ ...stateDict(shapes), modules })));
    expect(ops[0]).toMatchObject({ kind: "conv2d", stride: 1, bandStride: 2 });
    expect(ops[1]).toMatchObject({ kind: "attention", heads: 2 });
    expect(ops[1].guess).toBeUndefined();
  });

  it("leaves out recurrent layers of other gates", () => {
    const shapes = { ...gates("rnn", 8, 8, 8), ...linear("head", 8, 2) };
    expect(draftOf(stateDict(shapes)).ignore).toContain("rnn.weight_hh_l0");
  });

  it("finds the tensors of a block by their shapes, and says so", () => {
    const { "b.x_proj.weight": xProj, ...rest } = block("b") as Record<string, readonly number[]>;
    const shapes = { ...rest, "b.selection.weight": xProj ?? [] };
    const [line] = draftLines(draftOf(stateDict(shapes)));
    expect(line?.guess).toBe("selection.weight is taken for x_proj.weight by its shape [9, 16]");
  });

  it("leaves out what nothing tells the use of, and names it", () => {
    const shapes = { ...block("b"), "b_scale.gamma": [8], ...linear("head", 8, 2) };
    const { ignore, guess } = draftOf(stateDict(shapes));
    expect(ignore).toEqual(["b_scale.gamma"]);
    expect(guess).toMatch(/Left out, as nothing tells what it is for: b_scale\.gamma/);
    expect(() => draftOf(stateDict({}))).toThrow(
      /expected layers to make operators of, got no tensors/,
    );
  });
});
