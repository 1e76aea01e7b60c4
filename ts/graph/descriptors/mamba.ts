/** A Mamba-1 block with the variants that the field has, and the gate behind its scan. */
import { groups, optionalVector, panels, partOf, vector } from "../packing.js";
import type { Tensor, Value } from "../tensor.js";
import { CAUSAL_CONV, CONV_ACTIVATIONS } from "./convolution.js";
import {
  type AnyOp,
  type Descriptor,
  type Emit,
  emitAs,
  type Form,
  type OneInput,
  type Primitive,
  type TensorForm,
} from "./descriptor.js";
import { LINEAR, unchanged } from "./layers.js";
import { ACTIVATION, ACTIVATIONS, SLICE } from "./rows.js";
import {
  emitScan,
  type Layer,
  SCAN_FIELDS,
  type ScanParts,
  SELECTIVE_SCAN,
  SSM_NORM,
  scanTensors,
} from "./scan.js";

// ---- the gate ----------------------------------------------------------------------------------------

/** Functions of a gate: those that have no parameter. */
const GATE_ACTIVATIONS = [
  "silu",
  "relu",
  "gelu",
  "gelu_tanh",
  "sigmoid",
  "tanh",
  "softplus",
  "hard_sigmoid",
  "relu6",
] as const;

/** y * act(weight u + bias) */
export interface GateOp extends AnyOp {
  readonly kind: "gate";
  /** y, u */
  readonly inputs: readonly [Value, Value];
  /** [y's width, u's width] */
  readonly weight: Tensor;
  readonly bias?: Tensor;
  readonly activation: (typeof GATE_ACTIVATIONS)[number];
}

export const GATE: Primitive = {
  number: 28,
  name: "gate",
  time: "rows",
  variants: ACTIVATIONS,
  tensors: ["weight", "bias"],
  matrix: "weight",
  label: ({ widths, width, variant }) => `${widths[1]} → ${width} ${variant}`,
};

const gate: Descriptor<GateOp> = {
  kind: "gate",
  summary: "y times a function of a linear layer of u",
  inputs: { least: 2, most: 2, names: ["y", "u"] },
  fields: {
    activation: {
      type: "choice",
      choices: GATE_ACTIVATIONS,
      default: "silu",
      meaning: "the function",
    },
  },
  tensors: [
    { field: "weight", suffix: "weight", shapes: [["in", "gate"]] },
    { field: "bias", suffix: "bias", shapes: [["in"]], isOptional: true },
  ],
  primitives: [GATE, SLICE],
  known: (_, [, gating = 0]) => ({ gate: gating }),
  width: unchanged,
  encode: (form, emit) => {
    const { weight, bias, activation: variant } = form.op;
    const { width } = form;
    const tensors = {
      weight: panels(weight, width, form.sizes.get("gate")),
      bias: optionalVector(bias),
    };
    const inputs = [form.inputs[0] as Value, gatingValue(form, emit)];
    return emitAs(form, emit, GATE, { inputs, width, variant, tensors });
  },
};

/** u; a copy of it where it is y, too, as the core overwrites y while it reads u. */
function gatingValue({ op, inputs, width }: Form<GateOp>, emit: Emit): Value {
  const [y, u] = inputs as readonly [Value, Value];
  if (y !== u) return u;
  const name = `${op.name}.copy`;
  return emit({ primitive: SLICE, name, inputs: [u], width, attributes: { first: 0 } });
}

// ---- the block ---------------------------------------------------------------------------------------

/** One Mamba-1 block (Gu & Dao, arXiv 2312.00752, algorithm 2 and figure 3), or a variant of it. */
export interface MambaOp extends OneInput, ScanParts {
  readonly kind: "mamba";
  /** Weight [2 dInner, dIn]: rows of x first, then rows of z. Bias [2 dInner]. Without a gate dInner rows. */
  readonly inProj: Layer;
  /** Weight [dInner, 1, dConv] or [dInner, dConv], bias [dInner]. Absent: no convolution. */
  readonly conv1d?: Layer;
  /** "centred": padding "same", so that the block looks ahead. Default "causal". */
  readonly convolution?: "causal" | "centred";
  /** Behind the convolution, or in its place. Default "silu". */
  readonly convActivation?: (typeof CONV_ACTIVATIONS)[number];
  /** What z goes through before it multiplies y. Default "silu"; "none": there is no z. */
  readonly gate?: (typeof GATES)[number];
  /** Weight [dOut, dInner], bias [dOut]. Absent: the gated y itself is the output. */
  readonly outProj?: Layer;
}

/** The tensors of `outProj`, from the block's inner channels to its output. */
export const OUT_PROJ: readonly TensorForm<unknown>[] = [
  {
    field: "outProj.weight",
    suffix: "out_proj.weight",
    shapes: [["out", "inner"]],
    isOptional: true,
  },
  { field: "outProj.bias", suffix: "out_proj.bias", shapes: [["out"]], isOptional: true },
];

const GATES = ["none", ...GATE_ACTIVATIONS] as const;

function inProjRows({ gate: activation }: MambaOp): string {
  return activation === "none" ? "inner" : "2 inner";
}

const mamba: Descriptor<MambaOp> = {
  kind: "mamba",
  summary: "one Mamba-1 block",
  fields: {
    ...SCAN_FIELDS,
    convolution: {
      type: "choice",
      choices: ["causal", "centred"],
      default: "causal",
      meaning: "whether the convolution sees the past only",
    },
    convActivation: {
      type: "choice",
      choices: CONV_ACTIVATIONS,
      default: "silu",
      meaning: "the function behind the convolution",
    },
    gate: { type: "choice", choices: GATES, default: "silu", meaning: "the function of z" },
  },
  tensors: [
    ...scanTensors<MambaOp>(),
    {
      field: "inProj.weight",
      suffix: "in_proj.weight",
      shapes: (op) => [[inProjRows(op), "in"]],
    },
    {
      field: "inProj.bias",
      suffix: "in_proj.bias",
      shapes: (op) => [[inProjRows(op)]],
      isOptional: true,
    },
    {
      field: "conv1d.weight",
      suffix: "conv1d.weight",
      shapes: [
        ["inner", 1, "taps"],
        ["inner", "taps"],
      ],
      isOptional: true,
    },
    { field: "conv1d.bias", suffix: "conv1d.bias", shapes: [["inner"]], isOptional: true },
    ...OUT_PROJ,
  ],
  primitives: [LINEAR, CAUSAL_CONV, ACTIVATION, SSM_NORM, SELECTIVE_SCAN, GATE],
  width: ({ op, sizes }) => sizes.get(op.outProj === undefined ? "inner" : "out"),
  work: ({ op, sizes, width }) => {
    const { inProj, outProj } = op;
    const inner = sizes.get("inner");
    const rows = inProj.weight.shape[0] ?? 0;
    return rows * width + (outProj === undefined ? 0 : inner * sizes.get("out"));
  },
  encode: (form, emit) => {
    const u = form.inputs[0] as Value;
    const x = emitConvolution(form, emitInProj(form, u, emit), emit);
    const y = emitGate(form, emitScan(form, x, emit), u, emit);
    return emitOutProj(form, y, emit);
  },
};

/** Names of a block's primitives behind its own, by which reports put them together again. */
export const MAMBA_PARTS = [
  "in_proj.x",
  "in_proj.xbc",
  "in_proj.dt",
  "conv1d",
  "x_proj",
  "ssm_norm",
  "selective_scan",
  "ssd_scan",
  "gate",
  "gated_norm",
  "out_proj",
] as const;

/** Name of the module that a primitive of this name is a part of, itself if of none. */
export function moduleOf(name: string): string {
  const part = MAMBA_PARTS.find((suffix) => name.endsWith(`.${suffix}`));
  return part === undefined ? name : name.slice(0, -part.length - 1);
}

function emitInProj({ op, sizes, width }: Form<MambaOp>, u: Value, emit: Emit): Value {
  const { weight, bias } = op.inProj;
  const inner = sizes.get("inner");
  const rows = op.gate === "none" ? inner : 2 * inner;
  return emit({
    primitive: LINEAR,
    name: `${op.name}.in_proj.x`,
    inputs: [u],
    width: inner,
    tensors: {
      weight: partOf(panels(weight, rows, width), "x", 0, inner),
      bias: bias && partOf(vector(bias), "x", 0, inner),
    },
  });
}

function emitConvolution({ op, sizes }: Form<MambaOp>, x: Value, emit: Emit): Value {
  const { conv1d, convolution = "causal", convActivation = "silu" } = op;
  const [name, inputs, width] = [`${op.name}.conv1d`, [x], sizes.get("inner")];
  if (conv1d === undefined) {
    if (convActivation === "none") return x;
    return emit({ primitive: ACTIVATION, name, inputs, width, variant: convActivation });
  }
  const taps = sizes.get("taps");
  const ahead = convolution === "causal" ? 0 : Math.ceil((taps - 1) / 2);
  return emit({
    primitive: CAUSAL_CONV,
    name,
    inputs,
    width,
    attributes: { taps, ahead, activation: CONV_ACTIVATIONS.indexOf(convActivation) },
    tensors: { weight: groups(conv1d.weight, width, taps), bias: optionalVector(conv1d.bias) },
  });
}

function emitGate({ op, sizes, width }: Form<MambaOp>, y: Value, u: Value, emit: Emit): Value {
  const { gate: variant = "silu", inProj } = op;
  if (variant === "none") return y;
  const inner = sizes.get("inner");
  return emit({
    primitive: GATE,
    name: `${op.name}.gate`,
    inputs: [y, u],
    width: inner,
    variant,
    tensors: {
      weight: partOf(panels(inProj.weight, 2 * inner, width), "z", inner, inner),
      bias: inProj.bias && partOf(vector(inProj.bias), "z", inner, inner),
    },
  });
}

/** The linear layer behind a block; where there is none, what goes into it. */
export function emitOutProj(
  { op, sizes }: Pick<Form<Pick<MambaOp, "name" | "outProj">>, "op" | "sizes">,
  y: Value,
  emit: Emit,
): Value {
  if (op.outProj === undefined) return y;
  const { weight, bias } = op.outProj;
  const width = sizes.get("out");
  return emit({
    primitive: LINEAR,
    name: `${op.name}.out_proj`,
    inputs: [y],
    width,
    tensors: { weight: panels(weight, width, sizes.get("inner")), bias: optionalVector(bias) },
  });
}

export const MAMBA = { gate, mamba };
