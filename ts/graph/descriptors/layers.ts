/**
 * Layers and norms: ops with weights that treat every row by itself, of sequences and of vectors.
 */
import { BadArgument, BadCheckpoint } from "../../core/errors.js";
import { batchScale, batchShift } from "../derived.js";
import { optionalVector, panels, vector } from "../packing.js";
import { constantTensor, type Tensor, type Value } from "../tensor.js";
import {
  attributes,
  type Descriptor,
  type Emit,
  emitAs,
  type Field,
  floatAttribute,
  type OneInput,
  type Primitive,
  type TensorForm,
} from "./descriptor.js";

/** The label of what makes rows of another width, and of what does not. */
export const fromTo: Primitive["label"] = ({ widths, width }) => `${widths[0]} → ${width}`;
export const channels: Primitive["label"] = ({ width }) => `${width}`;
/** The width of an op that leaves it as it is. */
export const unchanged = ({ width }: { readonly width: number }) => width;

/** A vector of the input's width. */
function channelTensor<O>(field: string, isOptional = false): TensorForm<O> {
  return { field, suffix: field, shapes: [["in"]], isOptional };
}

export const EPS: Field = {
  type: "positive",
  default: 1e-5,
  meaning: "added to the variance before its root",
};

// ---- layers ----------------------------------------------------------------------------------------

export interface LinearOp extends OneInput {
  readonly kind: "linear";
  /** [outFeatures, inFeatures] */
  readonly weight: Tensor;
  /** [outFeatures] */
  readonly bias?: Tensor;
}

export const LINEAR: Primitive = {
  number: 1,
  name: "linear",
  time: "rows",
  tensors: ["weight", "bias"],
  matrix: "weight",
  label: fromTo,
};

const linear: Descriptor<LinearOp> = {
  kind: "linear",
  summary: "y = weight x + bias",
  fields: {},
  tensors: [
    { field: "weight", suffix: "weight", shapes: [["out", "in"]] },
    { field: "bias", suffix: "bias", shapes: [["out"]], isOptional: true },
  ],
  primitives: [LINEAR],
  width: ({ sizes }) => sizes.get("out"),
  work: ({ sizes }) => sizes.get("out") * sizes.get("in"),
  encode: (form, emit) => {
    const { weight, bias } = form.op;
    const [width, inputs] = [form.sizes.get("out"), form.width];
    const tensors = { weight: panels(weight, width, inputs), bias: optionalVector(bias) };
    return emitAs(form, emit, LINEAR, { width, tensors });
  },
};

/** y = x * scale + shift, channel by channel. */
export interface AffineOp extends OneInput {
  readonly kind: "affine";
  /** [width] */
  readonly scale: Tensor;
  /** [width] */
  readonly shift: Tensor;
}

export const AFFINE: Primitive = {
  number: 4,
  name: "affine",
  time: "rows",
  tensors: ["scale", "shift"],
  label: channels,
};

const affine: Descriptor<AffineOp> = {
  kind: "affine",
  summary: "y = x scale + shift, channel by channel",
  fields: {},
  tensors: [channelTensor("scale"), channelTensor("shift")],
  primitives: [AFFINE],
  width: unchanged,
  work: unchanged,
  encode: (form, emit) => {
    const { scale, shift } = form.op;
    const tensors = { scale: vector(scale), shift: vector(shift) };
    return emitAs(form, emit, AFFINE, { width: form.width, tensors });
  },
};

// ---- norms -----------------------------------------------------------------------------------------

export interface NormOp extends OneInput {
  readonly kind: "norm";
  readonly norm: "rms" | "layer";
  /** Absent: ones. */
  readonly weight?: Tensor;
  /** Only with "layer". */
  readonly bias?: Tensor;
  readonly eps: number;
  /** Only with "rms": of channels, each normed by itself. Default 1. */
  readonly groups?: number;
}

export const NORM: Primitive = {
  number: 7,
  name: "norm",
  time: "rows",
  variants: ["rms", "layer"],
  attributes: [floatAttribute("eps")],
  tensors: ["weight", "bias"],
  label: channels,
};

export const GROUPED_NORM: Primitive = {
  number: 72,
  name: "grouped_norm",
  time: "rows",
  attributes: [...attributes("groups"), floatAttribute("eps")],
  tensors: ["weight"],
  label: ({ attribute, width }) => `${width} in ${attribute("groups")} groups`,
};

/** An RMS norm of all channels, or of each group. @throws BadArgument when the groups do not divide them */
export function emitRmsNorm(
  norm: {
    readonly name: string;
    readonly weight: Tensor | undefined;
    readonly eps: number;
    readonly groups: number;
  },
  input: Value,
  width: number,
  emit: Emit,
): Value {
  const { name, weight: given, eps, groups } = norm;
  const weight = vector(given ?? constantTensor(`${name}.weight`, width, 1));
  const op = { name, inputs: [input], width, tensors: { weight } };
  if (groups === 1) return emit({ ...op, primitive: NORM, variant: "rms", attributes: { eps } });
  if (width % groups === 0) {
    return emit({ ...op, primitive: GROUPED_NORM, attributes: { groups, eps } });
  }
  throw new BadArgument(`groups of op ${name}`, `a divisor of ${width}`, `${groups}`);
}

/** Square, scale and weight. */
const NORM_MACS = 3;

const norm: Descriptor<NormOp> = {
  kind: "norm",
  summary: "RMSNorm or LayerNorm over the channels of a row",
  fields: {
    norm: { type: "choice", choices: ["rms", "layer"], meaning: "which of the two" },
    eps: EPS,
    groups: {
      type: "integer",
      least: 1,
      default: 1,
      meaning: "of channels, each normed by itself (rms only)",
    },
  },
  tensors: [channelTensor("weight", true), channelTensor("bias", true)],
  primitives: [NORM, GROUPED_NORM],
  width: unchanged,
  work: ({ width }) => NORM_MACS * width,
  encode: (form, emit) => {
    const { name, norm: variant, weight, bias, eps, groups = 1 } = form.op;
    const { width } = form;
    if (variant === "rms") {
      if (bias !== undefined) throw new BadCheckpoint(bias.name, "no bias in an RMS norm", "one");
      return emitRmsNorm({ name, weight, eps, groups }, form.inputs[0] as Value, width, emit);
    }
    if (groups !== 1) {
      throw new BadArgument(`groups of op ${name}`, "1 in a LayerNorm", `${groups}`);
    }
    const tensors = {
      weight: vector(weight ?? constantTensor(`${name}.weight`, width, 1)),
      bias: optionalVector(bias),
    };
    return emitAs(form, emit, NORM, { width, variant, attributes: { eps }, tensors });
  },
};

/** BatchNorm in inference. It goes into the layer before or behind it where it can (graph/batchnorm.ts). */
export interface BatchNormOp extends OneInput {
  readonly kind: "batchnorm";
  /** All [width]. */
  readonly weight?: Tensor;
  readonly bias?: Tensor;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
  readonly eps: number;
}

const batchnorm: Descriptor<BatchNormOp> = {
  kind: "batchnorm",
  summary: "BatchNorm in inference: a scale and a shift a channel, from running statistics",
  fields: { eps: EPS },
  tensors: [
    { field: "runningMean", suffix: "running_mean", shapes: [["in"]] },
    { field: "runningVar", suffix: "running_var", shapes: [["in"]] },
    channelTensor("weight", true),
    channelTensor("bias", true),
  ],
  primitives: [AFFINE],
  width: unchanged,
  work: unchanged,
  encode: (form, emit) => {
    const tensors = { scale: vector(batchScale(form.op)), shift: vector(batchShift(form.op)) };
    return emitAs(form, emit, AFFINE, { width: form.width, tensors });
  },
};

export const LAYERS = { linear, affine, norm, batchnorm };
