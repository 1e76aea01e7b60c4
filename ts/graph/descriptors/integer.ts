/**
 * Op classes that compute with integers: what the primitives of a float network become in a quantised one
 * (ts/quantize). No op of a network is encoded as one. Formats and rounding are those of csrc/include/mlm.h.
 */
import { CONV2D, POOL2D } from "./bands.js";
import { CAUSAL_CONV } from "./convolution.js";
import { attributes, type Primitive } from "./descriptor.js";
import { EMBEDDING, LOGMEL } from "./front-end.js";
import { channels, LINEAR, NORM } from "./layers.js";
import { GATE } from "./mamba.js";
import { POOL } from "./outputs.js";
import { ACTIVATION, ARITHMETIC } from "./rows.js";
import { SELECTIVE_SCAN } from "./scan.js";

/** Kinds of integer ops are numbered as their floats, so much further on. */
const FIRST_INTEGER = 32;

function integer(
  float: Primitive,
  names: readonly string[],
  tensors?: readonly string[],
): Primitive {
  const { number, name, ...rest } = float;
  return {
    ...rest,
    number: FIRST_INTEGER + number,
    name: `${name}_int`,
    attributes: attributes(...names),
    ...(tensors && { tensors }),
  };
}

const LAYER = ["weight", "bias", "multiplier"];

export const LINEAR_INT = integer(LINEAR, ["shift", "input_type"], LAYER);
export const EMBEDDING_INT = integer(EMBEDDING, ["vocabulary"]);
/** The map of channels behind the logarithm is part of it. */
export const LOGMEL_INT = integer(
  LOGMEL,
  ["window", "hop", "fft", "sample_rate", "floor_low", "floor_high", "shift"],
  ["window", "twiddles", "filter_bins", "filters", "multiplier", "offset"],
);
export const ACTIVATION_INT = integer(ACTIVATION, ["exponent", "input_type"]);
export const ARITHMETIC_INT = integer(ARITHMETIC, ["shift_a", "shift_b", "shift"]);
export const NORM_INT = integer(NORM, ["shift", "epsilon_low", "epsilon_high", "input_type"]);
export const CAUSAL_CONV_INT = integer(
  CAUSAL_CONV,
  ["taps", "ahead", "activation", "shift", "exponent"],
  LAYER,
);
export const POOL_INT = integer(POOL, ["index", "up", "input_type"]);
export const SELECTIVE_SCAN_INT: Primitive = {
  ...integer(
    SELECTIVE_SCAN,
    [
      ...["states", "rank", "dt_shift", "dt_exponent"],
      ...["dt_most", "decay_shift", "input_shift", "skip_shift"],
    ],
    ["dt_proj", "dt_bias", "dt_multiplier", "a", "d"],
  ),
  variants: ["i32", "i16"],
};
export const GATE_INT = integer(
  GATE,
  ["shift", "exponent_z", "exponent_g", "product_shift"],
  LAYER,
);

/** The shift of a convolution over bands stands above its groups, in one attribute. */
export const GROUPS_SHIFT = 2 ** 24;
export const CONV2D_INT = integer(
  CONV2D,
  ["taps", "stride", "dilation", "before", "after", "groups_shift", "bands", "band_window"],
  LAYER,
);
export const POOL2D_INT = integer(POOL2D, [
  ...["taps", "stride", "before", "after", "count_include_pad"],
  ...["bands", "band_window", "up"],
]);

/** Floats, or integers of another type or exponent, become integers. */
export const QUANTIZE: Primitive = {
  number: 29,
  name: "quantize",
  time: "rows",
  attributes: attributes("shift", "input_type"),
  label: channels,
};

/** Integers become the floats that they stand for. */
export const DEQUANTIZE: Primitive = {
  number: 30,
  name: "dequantize",
  time: "rows",
  attributes: attributes("exponent", "input_type"),
  label: channels,
};

export const INTEGER_PRIMITIVES: readonly Primitive[] = [
  QUANTIZE,
  DEQUANTIZE,
  LINEAR_INT,
  EMBEDDING_INT,
  LOGMEL_INT,
  ACTIVATION_INT,
  ARITHMETIC_INT,
  NORM_INT,
  CAUSAL_CONV_INT,
  POOL_INT,
  SELECTIVE_SCAN_INT,
  GATE_INT,
  CONV2D_INT,
  POOL2D_INT,
];
