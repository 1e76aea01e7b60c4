/**
 * Ops that mix rows of different times or change their number: convolutions, windows, positions, and what
 * needs the whole sequence.
 */
import { BadArgument } from "../../core/errors.js";
import { fixedRows, inserted, repeated, windows } from "../clock.js";
import { vector } from "../packing.js";
import type { Tensor } from "../tensor.js";
import {
  attributes,
  type Descriptor,
  emitAs,
  type Field,
  floatAttribute,
  type OneInput,
  type Primitive,
} from "./descriptor.js";
import { channels, EPS, unchanged } from "./layers.js";
import { type Padding, paddingOf } from "./padding.js";

// ---- windows -----------------------------------------------------------------------------------------

export interface WindowPoolOp extends OneInput {
  readonly kind: "window_pool";
  readonly pool: "average" | "max";
  readonly window: number;
  /** Default: the window. */
  readonly stride?: number;
  /** Default 0. */
  readonly padding?: Padding;
  /** Of an average, whether rows that are padding count as zeros. Default true, as in PyTorch. */
  readonly countIncludePad?: boolean;
}

const WINDOW_POOL: Primitive = {
  number: 13,
  name: "window_pool",
  time: "sequence",
  variants: ["average", "max"],
  attributes: attributes("window", "stride", "before", "after", "count_include_pad"),
  clock: ({ attribute: a }) => windows(a("window"), a("stride"), a("before"), a("after")),
  label: ({ variant, attribute }) =>
    `${variant} ${attribute("window")}, ${attribute("stride")} apart`,
};

export const PADDING_FIELD: Field = {
  type: "choice",
  choices: ["same", "causal"],
  orInteger: true,
  default: 0,
  meaning: "rows of zeros on both sides, or so many that no row is lost, or all of them before",
};

const windowPool: Descriptor<WindowPoolOp> = {
  kind: "window_pool",
  summary: "average or maximum over windows of rows",
  fields: {
    pool: { type: "choice", choices: ["average", "max"], meaning: "which of the two" },
    window: { type: "integer", least: 1, meaning: "rows of a window" },
    stride: {
      isOptional: true,
      type: "integer",
      least: 1,
      meaning: "rows from a window to the next; default: window",
    },
    padding: PADDING_FIELD,
    countIncludePad: { type: "flag", default: true, meaning: "an average counts padding as zeros" },
  },
  tensors: [],
  primitives: [WINDOW_POOL],
  width: unchanged,
  encode: (form, emit) => {
    const { name, pool, window, padding = 0, countIncludePad = true } = form.op;
    const { stride = window } = form.op;
    const { before, after } = paddingOf(name, padding, window);
    const values = { window, stride, before, after, count_include_pad: Number(countIncludePad) };
    const { width } = form;
    return emitAs(form, emit, WINDOW_POOL, { width, variant: pool, attributes: values });
  },
};

/** Orders in which the elements of several rows lie in one. */
export const LAYOUTS = ["time_channel", "channel_time"] as const;
export type Layout = (typeof LAYOUTS)[number];

export const LAYOUT_FIELD: Field = {
  type: "choice",
  choices: LAYOUTS,
  default: "time_channel",
  meaning: "row behind row, or all rows of the first channel first",
};

/** Patches: each window of rows becomes one wide row. */
export interface UnfoldOp extends OneInput {
  readonly kind: "unfold";
  readonly window: number;
  /** Default: the window. */
  readonly stride?: number;
  readonly layout?: Layout;
}

const UNFOLD: Primitive = {
  number: 14,
  name: "unfold",
  time: "sequence",
  variants: LAYOUTS,
  attributes: attributes("window", "hop"),
  clock: ({ attribute }) => windows(attribute("window"), attribute("hop")),
  label: ({ attribute, width }) => `${attribute("window")} rows → ${width}`,
};

const unfold: Descriptor<UnfoldOp> = {
  kind: "unfold",
  summary: "patches: each window of rows becomes one row",
  fields: {
    window: { type: "integer", least: 1, meaning: "rows of a patch" },
    stride: {
      isOptional: true,
      type: "integer",
      least: 1,
      meaning: "rows from a patch to the next; default: window",
    },
    layout: LAYOUT_FIELD,
  },
  tensors: [],
  primitives: [UNFOLD],
  width: ({ op, width }) => op.window * width,
  encode: (form, emit) => {
    const { window, stride: hop = window, layout: variant = "time_channel" } = form.op;
    const width = window * form.width;
    return emitAs(form, emit, UNFOLD, { width, variant, attributes: { window, hop } });
  },
};

/** Nearest upsampling: every row several times. */
export interface UpsampleOp extends OneInput {
  readonly kind: "upsample";
  readonly repeat: number;
}

const UPSAMPLE: Primitive = {
  number: 15,
  name: "upsample",
  time: "sequence",
  attributes: attributes("repeat"),
  clock: ({ attribute }) => repeated(attribute("repeat")),
  label: ({ attribute }) => `× ${attribute("repeat")}`,
};

const upsample: Descriptor<UpsampleOp> = {
  kind: "upsample",
  summary: "every row several times (nearest neighbour)",
  fields: { repeat: { type: "integer", least: 1, meaning: "how many times" } },
  tensors: [],
  primitives: [UPSAMPLE],
  width: unchanged,
  encode: (form, emit) => {
    const { repeat } = form.op;
    return emitAs(form, emit, UPSAMPLE, { width: form.width, attributes: { repeat } });
  },
};

// ---- positions ---------------------------------------------------------------------------------------

/** A learned row among the others: a class token. */
export interface InsertRowOp extends OneInput {
  readonly kind: "insert_row";
  /** [width], whatever dimensions of 1 are before it. */
  readonly row: Tensor;
  /** Rows before it; "end": all of them. */
  readonly position: number | "end";
}

export const INSERT_END = 0xffff_fffe;

const INSERT_ROW: Primitive = {
  number: 16,
  name: "insert_row",
  time: "sequence",
  attributes: attributes("position"),
  tensors: ["row"],
  clock: ({ attribute: a }) => inserted(a("position") === INSERT_END ? "end" : a("position")),
  rows: ({ attribute: a }) => (a("position") === INSERT_END ? {} : { least: a("position") }),
  label: ({ attribute: a }) => `at ${a("position") === INSERT_END ? "the end" : a("position")}`,
};

const insertRow: Descriptor<InsertRowOp> = {
  kind: "insert_row",
  summary: "a learned row among the others: a class token",
  fields: {
    position: {
      type: "choice",
      choices: ["end"],
      orInteger: true,
      default: 0,
      meaning: "rows before it",
    },
  },
  tensors: [{ field: "row", suffix: "", shapes: [["in"], [1, "in"], [1, 1, "in"]] }],
  primitives: [INSERT_ROW],
  width: unchanged,
  encode: (form, emit) => {
    const { row, position } = form.op;
    const { width } = form;
    const values = { position: position === "end" ? INSERT_END : position };
    return emitAs(form, emit, INSERT_ROW, {
      width,
      attributes: values,
      tensors: { row: vector(row) },
    });
  },
};

/** A learned or sinusoidal table, added row by row. */
export interface PositionsOp extends OneInput {
  readonly kind: "positions";
  /** [rows, width] or [1, rows, width] */
  readonly table: Tensor;
}

const POSITIONS: Primitive = {
  number: 17,
  name: "positions",
  time: "sequence",
  attributes: attributes("rows"),
  tensors: ["table"],
  rows: ({ attribute }) => ({ most: attribute("rows") }),
  label: ({ attribute, width }) => `${attribute("rows")} rows of ${width}`,
};

const positions: Descriptor<PositionsOp> = {
  kind: "positions",
  summary: "adds the row of a table to each row; no more rows than the table has",
  fields: {},
  tensors: [
    {
      field: "table",
      suffix: "",
      shapes: [
        ["rows", "in"],
        [1, "rows", "in"],
      ],
    },
  ],
  primitives: [POSITIONS],
  width: unchanged,
  encode: (form, emit) => {
    const values = { rows: form.sizes.get("rows") };
    const tensors = { table: vector(form.op.table) };
    return emitAs(form, emit, POSITIONS, { width: form.width, attributes: values, tensors });
  },
};

// ---- branches that meet --------------------------------------------------------------------------------

/** Rows of input 0 at the pace of input 1. The encoder inserts it; no network has it. */
export const ALIGN: Primitive = {
  number: 18,
  name: "align",
  time: "sequence",
  paced: true,
  label: channels,
};

// ---- the whole sequence --------------------------------------------------------------------------------

export interface ReverseOp extends OneInput {
  readonly kind: "reverse";
}

const REVERSE: Primitive = { number: 19, name: "reverse", time: "whole", label: channels };

const reverse: Descriptor<ReverseOp> = {
  kind: "reverse",
  summary: "the last row first; needs the whole sequence",
  fields: {},
  tensors: [],
  primitives: [REVERSE],
  width: unchanged,
  encode: (form, emit) => emitAs(form, emit, REVERSE, { width: form.width }),
};

/** Channels become rows and rows channels, for a fixed number of rows. */
export interface TransposeOp extends OneInput {
  readonly kind: "transpose";
  /** Of the input: the width of the output. */
  readonly rows: number;
}

export const TRANSPOSE: Primitive = {
  number: 20,
  name: "transpose",
  time: "whole",
  clock: ({ widths }) => fixedRows(widths[0] as number),
  rows: ({ width }) => ({ least: width, most: width }),
  label: ({ widths, width }) => `${width} × ${widths[0]} → ${widths[0]} × ${width}`,
};

export const ROWS_FIELD: Field = {
  type: "integer",
  least: 1,
  meaning: "how many rows its input has: the network's length is fixed by it",
};

const transpose: Descriptor<TransposeOp> = {
  kind: "transpose",
  summary: "channels become rows and rows channels; the length is fixed",
  fields: { rows: ROWS_FIELD },
  tensors: [],
  primitives: [TRANSPOSE],
  width: ({ op }) => op.rows,
  encode: (form, emit) => emitAs(form, emit, TRANSPOSE, { width: form.op.rows }),
};

/** GroupNorm, or with as many groups as channels InstanceNorm: statistics over all rows of the sequence. */
export interface SequenceNormOp extends OneInput {
  readonly kind: "sequence_norm";
  readonly groups: number;
  readonly weight?: Tensor;
  readonly bias?: Tensor;
  readonly eps: number;
}

const SEQUENCE_NORM: Primitive = {
  number: 21,
  name: "sequence_norm",
  time: "whole",
  attributes: [...attributes("groups"), floatAttribute("eps")],
  tensors: ["weight", "bias"],
  label: ({ attribute, width }) => `${width} in ${attribute("groups")} groups`,
};

const sequenceNorm: Descriptor<SequenceNormOp> = {
  kind: "sequence_norm",
  summary: "GroupNorm or InstanceNorm: statistics over the whole sequence",
  fields: {
    groups: { type: "integer", least: 1, default: 1, meaning: "of channels; all: InstanceNorm" },
    eps: EPS,
  },
  tensors: [
    { field: "weight", suffix: "weight", shapes: [["in"]], isOptional: true },
    { field: "bias", suffix: "bias", shapes: [["in"]], isOptional: true },
  ],
  primitives: [SEQUENCE_NORM],
  width: unchanged,
  encode: (form, emit) => {
    const { name, groups, eps, weight, bias } = form.op;
    const { width } = form;
    if (width % groups !== 0) {
      throw new BadArgument(`groups of op ${name}`, `a divisor of ${width}`, `${groups}`);
    }
    const tensors = { weight: weight && vector(weight), bias: bias && vector(bias) };
    return emitAs(form, emit, SEQUENCE_NORM, { width, attributes: { groups, eps }, tensors });
  },
};

export const TIME = {
  window_pool: windowPool,
  unfold,
  upsample,
  insert_row: insertRow,
  positions,
  reverse,
  transpose,
  sequence_norm: sequenceNorm,
};
