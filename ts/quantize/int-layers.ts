/** Ops with weights that have integer forms: linear layers, maps of channels, convolutions, norms, tables. */
import type { EncodedOp } from "../blob/encode.js";
import { elementsOfPacked } from "../blob/tensors.js";
import { BadArgument } from "../core/errors.js";
import { NO_CLOCK } from "../core/format.js";
import {
  CAUSAL_CONV_INT,
  EMBEDDING_INT,
  LINEAR_INT,
  NORM_INT,
} from "../graph/descriptors/integer.js";
import { integerRows, integerVector, type PackedTensor, quads } from "../graph/packing.js";
import type { Value } from "../graph/tensor.js";
import { exponentOf, type Form, type Made, typeNumber } from "./conversion.js";
import { exponent16, exponentOfConstants, largestOf, scaled } from "./exponents.js";
import { type IntegerLayer, quantizeLayer, quantizeTaps, SHIFTS_16, SHIFTS_32 } from "./layer.js";
import type { Range } from "./range.js";
import type { Surroundings } from "./surroundings.js";
import { floatOf } from "./wants.js";

/** Weights of matrices are bytes with a sign, and not -128. */
export const LARGEST_BYTE = 127;
export const LARGEST_16 = 2 ** 15 - 1;

/** A tensor of an op as real numbers. */
export function realTensor(op: EncodedOp, index: number): Float64Array | undefined {
  const tensor = op.tensors[index];
  return tensor && elementsOfPacked(tensor);
}

export function nameOf(op: EncodedOp, index: number): string {
  return op.tensors[index]?.name ?? `${op.name}.${op.primitive.tensors?.[index]}`;
}

/** Weight, bias and multiplier, under the names of the op's tensors from `first` on. */
export function layerTensors(
  op: EncodedOp,
  first: number,
  made: IntegerLayer,
): (PackedTensor | undefined)[] {
  const name = nameOf(op, first);
  return [
    quads(name, Int8Array.from(made.weights), made.multiplier.length),
    made.bias && integerVector(nameOf(op, first + 1), made.bias),
    integerVector(`${name}.multiplier`, made.multiplier),
  ];
}

/** What a row-by-row op reads: what is there in integers already, or floats in the number type that suits it. */
export function integersOf(around: Surroundings, value: Value, type: "i16" | "i32"): Form {
  const native = around.conversion.native(value);
  return native.type === "f32" ? around.as(value, type) : native;
}

// ---- linear layers -----------------------------------------------------------------------------------

export function convertLinear(around: Surroundings, op: EncodedOp, index: number): Made {
  const weights = realTensor(op, 0) as Float64Array;
  return linearOf(around, op, index, weights, realTensor(op, 1));
}

function linearOf(
  around: Surroundings,
  op: EncodedOp,
  index: number,
  weights: Float64Array,
  bias: Float64Array | undefined,
): Made {
  const value = index + 1;
  const input = integersOf(around, op.inputs[0] as Value, "i16");
  const type = around.wants.isWide(value) ? "i32" : "i16";
  const isNarrowed = input.type === "i32";
  const made = quantizeLayer(
    { weights, rows: op.width, bias },
    {
      largestWeight: LARGEST_BYTE,
      from: exponentOf(input),
      to: exponentsOfOutput(around, value, op.width, type),
      shifts: type === "i16" && !isNarrowed ? SHIFTS_16 : SHIFTS_32,
      isNarrowed,
    },
  );
  return {
    primitive: LINEAR_INT,
    inputs: [input],
    type,
    exponents: made.exponents,
    attributes: [made.shift, typeNumber(input)],
    tensors: layerTensors(op, 0, made),
  };
}

/** One for all rows, but for what only a scan reads: dt, B and C have one each. */
function exponentsOfOutput(
  { wants, seen }: Surroundings,
  value: Value,
  width: number,
  type: "i16" | "i32",
): readonly number[] {
  const all = (exponent: number) => new Array<number>(width).fill(exponent);
  if (type === "i32") return all(wants.exponent32(value));
  const [reader, ...others] = wants.readers(value);
  const isOfScan = reader?.op.primitive.name === "selective_scan" && reader.input === 1;
  if (!isOfScan || others.length > 0 || wants.isFloat(reader.op)) {
    return all(wants.exponent16(value));
  }
  const rank = reader.op.attributes[1] as number;
  const range = seen.values[value] as Range;
  const parts = [range.largestOf(0, rank), range.largestOf(rank, width, 2)];
  const [dt, b, c] = [...parts, range.largestOf(rank + 1, width, 2)].map((size) =>
    exponent16(size),
  ) as [number, number, number];
  return Array.from({ length: width }, (_, i) => {
    if (i < rank) return dt;
    return (i - rank) % 2 === 0 ? b : c;
  });
}

// ---- channel by channel ------------------------------------------------------------------------------

/** y = x scale + shift: of rows a convolution of one tap, of a vector a layer of one weight a row. */
export function convertAffine(around: Surroundings, op: EncodedOp, index: number): Made {
  const scale = realTensor(op, 0) as Float64Array;
  const shift = realTensor(op, 1);
  if (op.clock === NO_CLOCK) {
    const weights = new Float64Array(op.width * op.width);
    for (const [i, factor] of scale.entries()) weights[i * op.width + i] = factor;
    return linearOf(around, op, index, weights, shift);
  }
  return convolution(around, op, index, { weights: scale, bias: shift, hasSilu: false });
}

const TAPS = 0;
const ACTIVATION = 2;
/** Behind it SiLU of what is below is as good as 0. */
export const SILU_FLOOR = 16;
/** Exponents of what goes into a function that is read from a table. */
export const LEAST_TABLE_EXPONENT = 4;
export const MOST_TABLE_EXPONENT = 15;
/** One past the largest argument of all. */
const TABLE_RANGE = 2 ** (15 - LEAST_TABLE_EXPONENT);
/** The product of argument and sigmoid has so many digits more than the argument. */
const SIGMOID_EXPONENT = 15;

export function convertConvolution(around: Surroundings, op: EncodedOp, index: number): Made {
  const weights = realTensor(op, 0) as Float64Array;
  const hasSilu = op.attributes[ACTIVATION] === 1;
  return convolution(around, op, index, { weights, bias: realTensor(op, 1), hasSilu });
}

function convolution(
  around: Surroundings,
  op: EncodedOp,
  index: number,
  layer: { weights: Float64Array; bias: Float64Array | undefined; hasSilu: boolean },
): Made {
  const { weights, bias, hasSilu } = layer;
  const value = index + 1;
  const input = around.as(op.inputs[0] as Value, "i16");
  const sum = hasSilu
    ? tableExponent((around.seen.inner.get(index) as Range).largestAbove(SILU_FLOOR))
    : around.wants.exponent16(value);
  const real = { weights, rows: op.width, bias };
  const made =
    quantizeTaps(real, exponentOf(input), sum) ??
    quantizeLayer(real, {
      largestWeight: LARGEST_16,
      from: exponentOf(input),
      to: new Array<number>(op.width).fill(sum),
      shifts: SHIFTS_16,
      isNarrowed: false,
    });
  const from = made.exponents[0] as number;
  if (hasSilu) requireTable(op, from);
  const exponent = hasSilu ? siluExponent(around.wants.exponent16(value), from) : from;
  const taps = hasSilu || op.primitive.name === "causal_conv" ? (op.attributes[TAPS] as number) : 1;
  const name = nameOf(op, 0);
  return {
    primitive: CAUSAL_CONV_INT,
    inputs: [input],
    type: "i16",
    exponents: [exponent],
    attributes: [taps, 0, Number(hasSilu), made.shift, from],
    tensors: [
      integerRows(name, Int16Array.from(made.weights), op.width),
      made.bias && integerVector(nameOf(op, 1), made.bias),
      made.multiplier && integerVector(`${name}.multiplier`, made.multiplier),
    ],
  };
}

/** Of an argument that is this large; below the least one where that cannot hold it. */
export function tableExponent(largest: number): number {
  const exponent = exponent16(largest, MOST_TABLE_EXPONENT);
  return largest < TABLE_RANGE ? Math.max(LEAST_TABLE_EXPONENT, exponent) : exponent;
}

/** Of SiLU's value, by what it needs and what its argument has. */
export function siluExponent(wanted: number, from: number): number {
  return Math.max(from - SIGMOID_EXPONENT, Math.min(wanted, from + SIGMOID_EXPONENT));
}

/** @throws BadArgument when an argument is too large for a table */
export function requireTable({ name }: EncodedOp, exponent: number): void {
  if (exponent >= LEAST_TABLE_EXPONENT) return;
  const expected = `arguments of its function below ${TABLE_RANGE}, or --float ${name}`;
  throw new BadArgument(`op ${name}`, expected, "larger ones");
}

// ---- norms ---------------------------------------------------------------------------------------------

const RMS = 0;
/** A row of 16 bits whose mean is taken off gets so many more. */
const CENTRED_BITS = 8;
const EPSILON_BITS = 62n;
/** The normalised row has 30 digits, of which the product with the gain loses 16. */
const NORMAL_DIGITS = 14;
const MOST_SHIFT = 30;
/** Of log2 |bias| in the digits of that product. */
const BIAS_BITS = 29;
const WORD = 0xffff_ffffn;

export function convertNorm(around: Surroundings, op: EncodedOp, index: number): Made {
  const input = integersOf(around, op.inputs[0] as Value, "i32");
  const root = Math.sqrt(op.width); // a sum of squares in the place of their mean
  const gain = (realTensor(op, 0) as Float64Array).map((weight) => weight * root);
  const bias = realTensor(op, 1);
  const wanted = around.wants.exponent16(index + 1);
  const ofGain = exponentOfConstants(gain, MOST_SHIFT - NORMAL_DIGITS + wanted);
  const ofBias = BIAS_BITS - NORMAL_DIGITS - Math.ceil(Math.log2(largestOf(bias ?? [])));
  const gainExponent = Math.min(ofGain, ofBias);
  const exponent = Math.min(wanted, NORMAL_DIGITS + gainExponent);
  const epsilon = epsilonOf(op, input);
  return {
    primitive: NORM_INT,
    inputs: [input],
    type: "i16",
    exponents: [exponent],
    attributes: [
      NORMAL_DIGITS + gainExponent - exponent,
      Number(epsilon & WORD),
      Number(epsilon >> 32n),
      typeNumber(input),
    ],
    tensors: [
      integerVector(nameOf(op, 0), Int16Array.from(scaled(gain, gainExponent))),
      bias &&
        integerVector(nameOf(op, 1), Int32Array.from(scaled(bias, NORMAL_DIGITS + gainExponent))),
    ],
  };
}

/** In units of the squares that are summed. @throws BadArgument */
function epsilonOf({ name, width, variant, attributes }: EncodedOp, input: Form): bigint {
  const isCentred16 = variant !== RMS && input.type === "i16";
  const exponent = exponentOf(input) + (isCentred16 ? CENTRED_BITS : 0);
  const real = width * floatOf(attributes[0] as number) * 4 ** exponent;
  const epsilon = BigInt(Math.max(1, Math.round(real)));
  if (epsilon < 1n << EPSILON_BITS) return epsilon;
  throw new BadArgument(`eps of op ${name}`, `less beside its values, or --float ${name}`, `more`);
}

// ---- tables ----------------------------------------------------------------------------------------------

/** More digits behind the point than this say nothing. */
const MOST_TABLE_DIGITS = 24;

export function convertEmbedding(_: Surroundings, op: EncodedOp): Made {
  const table = realTensor(op, 0) as Float64Array;
  const exponent = exponentOfConstants(table, MOST_TABLE_DIGITS);
  const vocabulary = table.length / op.width;
  const rows = Int16Array.from(scaled(table, exponent));
  return {
    primitive: EMBEDDING_INT,
    inputs: [{ value: 0, type: "f32", exponents: [0] }],
    type: "i16",
    exponents: [exponent],
    attributes: [vocabulary],
    tensors: [integerRows(nameOf(op, 0), rows, vocabulary)],
  };
}
