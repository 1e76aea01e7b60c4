/** Self-attention of several heads, with the layers before and behind it: PyTorch's MultiheadAttention. */
import { BadArgument } from "../../core/errors.js";
import { scaledRows } from "../derived.js";
import { optionalVector, panels } from "../packing.js";
import type { Tensor } from "../tensor.js";
import {
  attributes,
  type Descriptor,
  emitAs,
  type Form,
  type OneInput,
  type Primitive,
} from "./descriptor.js";
import { LINEAR } from "./layers.js";
import type { Layer } from "./scan.js";

export interface AttentionOp extends OneInput {
  readonly kind: "attention";
  /** A divisor of the width. */
  readonly heads: number;
  /** A row sees those up to itself. Default false: all of them. */
  readonly causal?: boolean;
  /** Weight [3 in, in], bias [3 in]: rows of all heads' queries, then keys, then values. */
  readonly inProj: Layer;
  /** Weight [in, in], bias [in]. */
  readonly outProj: Layer;
}

/** Queries, keys and values. */
const PARTS = 3;

export const ATTENTION: Primitive = {
  number: 63,
  name: "attention",
  time: "whole",
  growsWithSquare: true,
  variants: ["full", "causal"],
  attributes: attributes("heads"),
  label: ({ attribute, width, variant }) =>
    `${attribute("heads")} × ${width / attribute("heads")}${variant === "causal" ? " causal" : ""}`,
};

const attention: Descriptor<AttentionOp> = {
  kind: "attention",
  summary:
    "self-attention (torch.nn.MultiheadAttention); needs the whole sequence, and its cost grows with the square of its length",
  fields: {
    heads: { type: "integer", least: 1, meaning: "how many; a divisor of the width" },
    causal: { type: "flag", default: false, meaning: "a row sees those up to itself alone" },
  },
  tensors: [
    { field: "inProj.weight", suffix: "in_proj_weight", shapes: [["3 in", "in"]] },
    { field: "inProj.bias", suffix: "in_proj_bias", shapes: [["3 in"]], isOptional: true },
    { field: "outProj.weight", suffix: "out_proj.weight", shapes: [["in", "in"]] },
    { field: "outProj.bias", suffix: "out_proj.bias", shapes: [["in"]], isOptional: true },
  ],
  primitives: [LINEAR, ATTENTION],
  width: ({ width }) => width,
  work: ({ width }) => (PARTS + 1) * width * width,
  encode: (form, emit) => {
    const { op, width } = form;
    if (width % op.heads !== 0) {
      throw new BadArgument(`heads of op ${op.name}`, `a divisor of ${width}`, `${op.heads}`);
    }
    const rows = emit({
      primitive: LINEAR,
      name: `${op.name}.in_proj`,
      inputs: form.inputs,
      width: PARTS * width,
      tensors: scaledInProj(form),
    });
    const attended = emitAs(form, emit, ATTENTION, {
      inputs: [rows],
      width,
      variant: op.causal === true ? "causal" : "full",
      attributes: { heads: op.heads },
    });
    const { weight, bias } = op.outProj;
    return emit({
      primitive: LINEAR,
      name: `${op.name}.out_proj`,
      inputs: [attended],
      width,
      tensors: { weight: panels(weight, width, width), bias: optionalVector(bias) },
    });
  },
};

/** Queries over the root of a head's width, which scores are to be divided by. */
function scaledInProj({ op, width }: Form<AttentionOp>) {
  const { weight, bias } = op.inProj;
  const factor = 1 / Math.sqrt(width / op.heads);
  const data = Float32Array.from({ length: PARTS * width }, (_, i) => (i < width ? factor : 1));
  const scale: Tensor = { name: "query_scale", shape: [PARTS * width], data };
  return {
    weight: panels(scaledRows(weight, scale), PARTS * width, width),
    bias: optionalVector(bias && scaledRows(bias, scale)),
  };
}

export const ATTENTIONS = { attention };
