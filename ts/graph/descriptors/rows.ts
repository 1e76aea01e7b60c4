/**
 * Ops without weights that treat every row by itself, of sequences and of vectors: functions of elements, and
 * what joins and cuts channels.
 */
import { BadArgument } from "../../core/errors.js";
import {
  type AnyOp,
  attributes,
  type Descriptor,
  emitAs,
  floatAttribute,
  type OneInput,
  type Primitive,
  type SeveralInputs,
} from "./descriptor.js";
import { channels, unchanged } from "./layers.js";

// ---- functions of elements ---------------------------------------------------------------------------

export const ACTIVATIONS = [
  "silu",
  "relu",
  "gelu",
  "gelu_tanh",
  "sigmoid",
  "tanh",
  "softplus",
  "leaky_relu",
  "elu",
  "hard_sigmoid",
  "relu6",
  "hard_swish",
] as const;

export interface ActivationOp extends OneInput {
  readonly kind: "activation";
  /** "gelu" is the one with erf. */
  readonly activation: (typeof ACTIVATIONS)[number];
  /** Of "leaky_relu" (default 0.01): the slope below 0. Of "elu" (default 1): alpha. */
  readonly parameter?: number;
}

export const ACTIVATION: Primitive = {
  number: 5,
  name: "activation",
  time: "rows",
  variants: ACTIVATIONS,
  attributes: [floatAttribute("parameter")],
  label: ({ variant, width }) => `${variant} ${width}`,
};

const DEFAULT_PARAMETERS: Readonly<Record<string, number>> = { leaky_relu: 0.01, elu: 1 };

/** About what an exponential and a division are. */
const ACTIVATION_MACS = 8;

const activation: Descriptor<ActivationOp> = {
  kind: "activation",
  summary: "a function of each element",
  fields: {
    activation: { type: "choice", choices: ACTIVATIONS, meaning: "which function" },
    parameter: {
      isOptional: true,
      type: "number",
      meaning: "leaky_relu's slope (0.01), elu's alpha (1)",
    },
  },
  tensors: [],
  primitives: [ACTIVATION],
  width: unchanged,
  work: ({ width }) => ACTIVATION_MACS * width,
  encode: (form, emit) => {
    const { name, activation: variant, parameter } = form.op;
    const preset = DEFAULT_PARAMETERS[variant];
    if (parameter !== undefined && preset === undefined) {
      throw new BadArgument(
        `parameter of op ${name}`,
        `none, as ${variant} has none`,
        `${parameter}`,
      );
    }
    const values = { parameter: parameter ?? preset ?? 0 };
    return emitAs(form, emit, ACTIVATION, { width: form.width, variant, attributes: values });
  },
};

export interface SoftmaxOp extends OneInput {
  readonly kind: "softmax";
  readonly softmax: "softmax" | "log_softmax";
}

const SOFTMAX: Primitive = {
  number: 8,
  name: "softmax",
  time: "rows",
  variants: ["softmax", "log_softmax"],
  label: channels,
};

const softmax: Descriptor<SoftmaxOp> = {
  kind: "softmax",
  summary: "softmax over the channels of a row, or its logarithm",
  fields: {
    softmax: {
      type: "choice",
      choices: ["softmax", "log_softmax"],
      default: "softmax",
      meaning: "itself or its logarithm",
    },
  },
  tensors: [],
  primitives: [SOFTMAX],
  width: unchanged,
  encode: (form, emit) => {
    const variant = form.op.softmax;
    return emitAs(form, emit, SOFTMAX, { width: form.width, variant });
  },
};

// ---- several values ------------------------------------------------------------------------------------

const ARITHMETICS = ["add", "subtract", "multiply", "divide", "maximum", "minimum"] as const;

/** Element by element; a vector is read at every row of a sequence. */
export interface ArithmeticOp extends AnyOp {
  readonly kind: (typeof ARITHMETICS)[number];
  readonly inputs: readonly [number, number];
}

export const ARITHMETIC: Primitive = {
  number: 6,
  name: "arithmetic",
  time: "rows",
  broadcasts: true,
  variants: ARITHMETICS,
  label: ({ variant, width }) => `${variant} ${width}`,
};

function arithmetic(kind: ArithmeticOp["kind"], summary: string): Descriptor<ArithmeticOp> {
  return {
    kind,
    summary: `${summary}, element by element; a vector meets every row of a sequence`,
    inputs: { least: 2, most: 2, names: ["a", "b"] },
    fields: {},
    tensors: [],
    primitives: [ARITHMETIC],
    width: unchanged,
    encode: (form, emit) => {
      const { width, widths } = form;
      if (widths[1] !== width) {
        const expected = "equal widths";
        throw new BadArgument(`inputs of op ${form.op.name}`, expected, widths.join(" and "));
      }
      return emitAs(form, emit, ARITHMETIC, { width, variant: kind });
    },
  };
}

export interface ConcatOp extends SeveralInputs {
  readonly kind: "concat";
}

const MOST_CONCAT_INPUTS = 4;

export const CONCAT: Primitive = {
  number: 9,
  name: "concat",
  time: "rows",
  broadcasts: true,
  label: ({ widths, width }) => `${widths.join(" + ")} → ${width}`,
};

const concat: Descriptor<ConcatOp> = {
  kind: "concat",
  summary: "channels of several values side by side",
  inputs: { least: 1, most: Number.POSITIVE_INFINITY, names: [] },
  fields: {},
  tensors: [],
  primitives: [CONCAT],
  width: ({ widths }) => sum(widths),
  // From the left, so that no more than the values before are kept for those behind.
  encode: (form, emit) => {
    let [value, width] = [form.inputs[0] as number, form.width];
    for (let next = 1; next < form.inputs.length || next === 1; ) {
      const end = next + MOST_CONCAT_INPUTS - 1;
      const inputs = [value, ...form.inputs.slice(next, end)];
      width += sum(form.widths.slice(next, end));
      value = emitAs(form, emit, CONCAT, { inputs, width });
      next = end;
    }
    return value;
  },
};

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export interface SliceOp extends OneInput {
  readonly kind: "slice";
  /** The first channel. */
  readonly first: number;
  /** How many channels. */
  readonly width: number;
}

export const SLICE: Primitive = {
  number: 10,
  name: "slice",
  time: "rows",
  attributes: attributes("first"),
  label: ({ width, attribute }) => `${attribute("first")} … ${attribute("first") + width - 1}`,
};

const slice: Descriptor<SliceOp> = {
  kind: "slice",
  summary: "some of the channels, one behind the other",
  fields: {
    first: { type: "integer", least: 0, default: 0, meaning: "the first channel" },
    width: { type: "integer", least: 1, meaning: "how many channels" },
  },
  tensors: [],
  primitives: [SLICE],
  width: ({ op }) => op.width,
  encode: (form, emit) => {
    const { name, first, width } = form.op;
    if (first + width > form.width) {
      const expected = `within the ${form.width} of its input`;
      throw new BadArgument(`channels of op ${name}`, expected, `${first} to ${first + width - 1}`);
    }
    return emitAs(form, emit, SLICE, { width, attributes: { first } });
  },
};

export const ROWS = {
  activation,
  softmax,
  add: arithmetic("add", "a + b"),
  subtract: arithmetic("subtract", "a - b"),
  multiply: arithmetic("multiply", "a b"),
  divide: arithmetic("divide", "a / b"),
  maximum: arithmetic("maximum", "the larger one"),
  minimum: arithmetic("minimum", "the smaller one"),
  concat,
  slice,
};
