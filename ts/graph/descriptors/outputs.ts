/**
 * Ops that make one row of a sequence: pools and flatten heads. What is behind them runs once a sequence.
 */
import { BadArgument } from "../../core/errors.js";
import { optionalVector, type PackedTensor, panels } from "../packing.js";
import type { Tensor, Value } from "../tensor.js";
import {
  type AnyOp,
  attributes,
  type Descriptor,
  emitAs,
  type Form,
  floatAttribute,
  type OneInput,
  type Primitive,
} from "./descriptor.js";
import { channels, fromTo, unchanged } from "./layers.js";
import { LAYOUT_FIELD, type Layout, ROWS_FIELD, TRANSPOSE } from "./time.js";

const POOLS = ["mean", "last", "max", "first", "sum", "row", "min", "std"] as const;

export interface PoolOp extends OneInput {
  readonly kind: "pool";
  readonly pool: (typeof POOLS)[number];
  /** Of "row": which one, from 0. */
  readonly index?: number;
  /** Of "std": added to the variance before its root. Default 0. */
  readonly eps?: number;
  /** Of "std": divides by n - 1, as torch.std does by default. Default false. */
  readonly unbiased?: boolean;
}

export const POOL: Primitive = {
  number: 22,
  name: "pool",
  time: "pool",
  variants: POOLS,
  label: ({ variant, width }) => `${variant} ${width}`,
};

/** The core's attributes of a pool depend on its variant. */
const ROW_POOL: Primitive = {
  ...POOL,
  attributes: attributes("index"),
  rows: ({ attribute }) => ({ least: attribute("index") + 1 }),
};
const STD_POOL: Primitive = {
  ...POOL,
  attributes: [floatAttribute("eps"), { name: "unbiased" }],
  rows: ({ attribute }) => ({ least: 1 + attribute("unbiased") }),
};

/** A mean over rows is a compensated sum: four additions an element, as much as two multiply-adds. */
const MEAN_MACS = 2;

const pool: Descriptor<PoolOp> = {
  kind: "pool",
  summary: "one row of a whole sequence: its mean, last, largest ... row",
  fields: {
    pool: { type: "choice", choices: POOLS, meaning: "how" },
    index: { isOptional: true, type: "integer", least: 0, meaning: "of row: which one" },
    eps: { type: "number", default: 0, meaning: "of std: added to the variance before its root" },
    unbiased: { type: "flag", default: false, meaning: "of std: divides by n - 1" },
  },
  tensors: [],
  primitives: [POOL],
  width: unchanged,
  work: ({ op, width }) => (op.pool === "mean" ? MEAN_MACS * width : 0),
  encode: (form, emit) => {
    const { pool: variant, index = 0, eps = 0, unbiased = false } = form.op;
    const rest = { width: form.width, variant };
    if (variant === "row") return emitAs(form, emit, ROW_POOL, { ...rest, attributes: { index } });
    if (variant !== "std") return emitAs(form, emit, POOL, rest);
    const values = { eps, unbiased: Number(unbiased) };
    return emitAs(form, emit, STD_POOL, { ...rest, attributes: values });
  },
};

/** The sum over time of softmax over time (score) times x. */
export interface AttentionPoolOp extends AnyOp {
  readonly kind: "attention_pool";
  /** x; its score, of width 1 or x's. */
  readonly inputs: readonly [Value, Value];
}

const ATTENTION_POOL: Primitive = {
  number: 23,
  name: "attention_pool",
  time: "pool",
  label: channels,
};

const attentionPool: Descriptor<AttentionPoolOp> = {
  kind: "attention_pool",
  summary: "rows weighted by the softmax over time of a score",
  inputs: { least: 2, most: 2, names: ["x", "score"] },
  fields: {},
  tensors: [],
  primitives: [ATTENTION_POOL],
  width: unchanged,
  encode: (form, emit) => {
    const { width, widths } = form;
    if (widths[1] !== 1 && widths[1] !== width) {
      const expected = `width 1 or ${width}`;
      throw new BadArgument(`score of op ${form.op.name}`, expected, `${widths[1]}`);
    }
    return emitAs(form, emit, ATTENTION_POOL, { width });
  },
};

/** All rows side by side, for a fixed number of them. */
export interface FlattenOp extends OneInput {
  readonly kind: "flatten";
  readonly rows: number;
  /** Default "time_channel": torch's flatten of [rows, channels]. */
  readonly layout?: Layout;
}

const fixed: Primitive["rows"] = ({ attribute }) => {
  return { least: attribute("rows"), most: attribute("rows") };
};

const FLATTEN: Primitive = {
  number: 24,
  name: "flatten",
  time: "pool",
  attributes: attributes("rows"),
  rows: fixed,
  label: ({ attribute, widths }) => `${attribute("rows")} × ${widths[0]}`,
};

const flatten: Descriptor<FlattenOp> = {
  kind: "flatten",
  summary: "all rows side by side; the length is fixed",
  fields: { rows: ROWS_FIELD, layout: LAYOUT_FIELD },
  tensors: [],
  primitives: [FLATTEN, TRANSPOSE],
  width: ({ op, width }) => op.rows * width,
  encode: (form, emit) => {
    const { op, width: channelCount } = form;
    const width = op.rows * channelCount;
    if (op.layout !== "channel_time") {
      return emitAs(form, emit, FLATTEN, { width, attributes: { rows: op.rows } });
    }
    const name = `${op.name}.transpose`;
    const turned = emitAs(form, emit, TRANSPOSE, { name, width: op.rows });
    const values = { rows: channelCount };
    return emitAs(form, emit, FLATTEN, { inputs: [turned], width, attributes: values });
  },
};

/** A linear layer of all rows side by side, of which each adds its share as it comes. */
export interface FlattenLinearOp extends OneInput {
  readonly kind: "flatten_linear";
  readonly rows: number;
  /** Of the weight's columns. Default "time_channel". */
  readonly layout?: Layout;
  /** [out, rows * width] */
  readonly weight: Tensor;
  readonly bias?: Tensor;
}

const FLATTEN_LINEAR: Primitive = {
  number: 25,
  name: "flatten_linear",
  time: "pool",
  attributes: attributes("rows"),
  tensors: ["weight", "bias"],
  matrix: "weight",
  rows: fixed,
  label: (view) => `${view.attribute("rows")} × ${fromTo(view)}`,
};

const flattenLinear: Descriptor<FlattenLinearOp> = {
  kind: "flatten_linear",
  summary: "a linear layer of all rows side by side; the length is fixed",
  fields: { rows: ROWS_FIELD, layout: LAYOUT_FIELD },
  tensors: [
    { field: "weight", suffix: "weight", shapes: [["out", "flat"]] },
    { field: "bias", suffix: "bias", shapes: [["out"]], isOptional: true },
  ],
  primitives: [FLATTEN_LINEAR],
  known: ({ rows }, [width = 0]) => ({ flat: rows * width }),
  width: ({ sizes }) => sizes.get("out"),
  work: ({ sizes, width }) => sizes.get("out") * width,
  encode: (form, emit) => {
    const { bias, rows } = form.op;
    const tensors = { weight: timeMajor(form), bias: optionalVector(bias) };
    const width = form.sizes.get("out");
    return emitAs(form, emit, FLATTEN_LINEAR, { width, attributes: { rows }, tensors });
  },
};

/** The weight with its columns in the order in which rows come. */
function timeMajor({ op, sizes, width }: Form<FlattenLinearOp>): PackedTensor {
  const flat = sizes.get("flat");
  const whole = panels(op.weight, sizes.get("out"), flat);
  if (op.layout !== "channel_time") return whole;
  const element = (row: number, column: number) =>
    row * flat + (column % width) * op.rows + Math.floor(column / width);
  return { ...whole, use: `flatten ${width}`, element };
}

export const OUTPUTS = {
  pool,
  attention_pool: attentionPool,
  flatten,
  flatten_linear: flattenLinear,
};
