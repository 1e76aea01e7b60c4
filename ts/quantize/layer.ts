/**
 * Linear layers and depthwise convolutions in integers: weights of a few bits with a multiplier a row, one shift a
 * layer. The multiplier is chosen first; the weights are then quantised with the scale that it makes, exactly
 * m 2^-(16 + shift), so that it adds no error of its own. No sum can leave 32 bits, whatever comes in.
 */
import { largestOf } from "./exponents.js";

/** weights: [rows, columns], row by row. */
export interface RealLayer {
  readonly weights: Float64Array;
  readonly rows: number;
  readonly bias: Float64Array | undefined;
}

export interface LayerForm {
  /** Largest weight: 127 or 32767. */
  readonly largestWeight: number;
  /** Exponent of the input. */
  readonly from: number;
  /** Exponent of the output, a row; less where the layer's own numbers demand it. */
  readonly to: readonly number[];
  readonly shifts: ShiftRange;
  /** Of 32 bits: a shift a row of the input comes off before, and the bias behind everything. */
  readonly isNarrowed: boolean;
}

export interface ShiftRange {
  readonly least: number;
  readonly most: number;
}

/** Of an output of 16 bits from 16, and of others. */
export const SHIFTS_16: ShiftRange = { least: 0, most: 15 };
export const SHIFTS_32: ShiftRange = { least: -16, most: 30 };

export interface IntegerLayer {
  /** [rows, columns] */
  readonly weights: Float64Array;
  readonly bias: Int32Array | undefined;
  readonly multiplier: Int16Array;
  readonly shift: number;
  /** Exponents of the output, a row. */
  readonly exponents: readonly number[];
}

const LARGEST_MULTIPLIER = 2 ** 15 - 1;
/** The multiplier is that of mulw: a 16-bit factor whose product loses 16 bits. */
const MULTIPLIER_BITS = 16;
/** Bits of the largest multiplier of a layer, less one. */
const MULTIPLIER_TOP = 14;
/** Largest magnitude of a 16-bit input, and one past that of a sum. */
const INPUT_RANGE = 2 ** 15;
const SUM_RANGE = 2 ** 31;
/** Of a sum, what the bias alone may be. */
const BIAS_RANGE = 2 ** 30;
/** By how much the scale of a row grows whose sum could overflow. */
const GROWTH = 1.25;

export function quantizeLayer(layer: RealLayer, form: LayerForm): IntegerLayer {
  const scales = leastScales(layer, form);
  for (;;) {
    const made = withScales(layer, form, scales);
    const overflowing = rowsThatOverflow(made, layer.rows, form.isNarrowed);
    if (overflowing.length === 0) return made;
    for (const row of overflowing) scales[row] = GROWTH * scales[row]!;
  }
}

/** A convolution's weights in one unit for all channels, which need no multipliers then. */
export interface IntegerTaps extends Omit<IntegerLayer, "multiplier"> {
  readonly multiplier: undefined;
}

/** Units that the largest weight of every channel is to have, at least: more digits than a byte has. */
const LEAST_UNITS = 256;
const LARGEST_TAP = 2 ** 15 - 1;
const MOST_PLAIN_SHIFT = 30;

/** Undefined where channels differ too much for one unit. The output has the exponent `to`. */
export function quantizeTaps(layer: RealLayer, from: number, to: number): IntegerTaps | undefined {
  const { weights, rows, bias } = layer;
  const columns = weights.length / rows;
  const largest = Array.from({ length: rows }, (_, row) => rowLargest(weights, row, columns));
  const top = largestOf(largest);
  const most = top > 0 ? Math.floor(Math.log2(LARGEST_TAP / top)) : to - from;
  for (let exponent = Math.min(most, to - from + MOST_PLAIN_SHIFT); ; exponent--) {
    const shift = from + exponent - to;
    const isFine = largest.every((size) => size === 0 || size * 2 ** exponent >= LEAST_UNITS);
    if (shift < 0 || !isFine) return undefined;
    const made = {
      weights: weights.map((weight) => Math.round(weight * 2 ** exponent)),
      bias:
        bias &&
        Int32Array.from(bias, (value) => clampTo32(Math.round(value * 2 ** (from + exponent)))),
      multiplier: undefined,
      shift,
      exponents: new Array<number>(rows).fill(to),
    };
    const room = shift > 0 ? 2 ** (shift - 1) : 0;
    if (rowsThatOverflow(made, rows, false, room).length === 0) return made;
  }
}

/** What one unit of a weight stands for, at least: so that weights and bias have room. */
function leastScales({ weights, rows, bias }: RealLayer, form: LayerForm): Float64Array {
  const columns = weights.length / rows;
  return Float64Array.from({ length: rows }, (_, row) => {
    const ofWeights = rowLargest(weights, row, columns) / form.largestWeight;
    if (form.isNarrowed || bias === undefined) return ofWeights;
    return Math.max(ofWeights, (Math.abs(bias[row]!) * 2 ** form.from) / BIAS_RANGE);
  });
}

function rowLargest(weights: Float64Array, row: number, columns: number): number {
  return largestOf(weights.subarray(row * columns, (row + 1) * columns));
}

function withScales(layer: RealLayer, form: LayerForm, wanted: Float64Array): IntegerLayer {
  const { to, bits } = scaling(form, wanted);
  const multiplier = Int16Array.from(wanted, (scale, row) =>
    multiplierOf(scale * 2 ** (to[row]! - form.from), bits),
  );
  const scale = (row: number) => multiplier[row]! * 2 ** (form.from - to[row]! - bits);
  const columns = layer.weights.length / layer.rows;
  const weights = layer.weights.map((weight, i) => {
    const unit = Math.round(weight / scale(Math.floor(i / columns)));
    return Math.max(-form.largestWeight, Math.min(form.largestWeight, unit));
  });
  const bias = layer.bias?.map((value, row) =>
    Math.round(form.isNarrowed ? value * 2 ** to[row]! : (value / scale(row)) * 2 ** form.from),
  );
  return {
    weights,
    bias: bias && Int32Array.from(bias, clampTo32),
    multiplier,
    shift: bits - MULTIPLIER_BITS,
    exponents: to,
  };
}

/** By how many bits multipliers are shifted up, and the exponents of the output that this allows. */
function scaling(form: LayerForm, scales: Float64Array): { to: readonly number[]; bits: number } {
  const top = largestOf(scales.map((scale, row) => scale * 2 ** (form.to[row]! - form.from)));
  const { least, most } = form.shifts;
  if (top === 0) return { to: form.to, bits: MULTIPLIER_BITS + Math.max(least, 0) };
  const natural = MULTIPLIER_TOP - Math.floor(Math.log2(top));
  const fitting = Math.ceil(top * 2 ** natural) > LARGEST_MULTIPLIER ? natural - 1 : natural;
  const bits = Math.min(fitting, MULTIPLIER_BITS + most);
  const lacking = Math.max(0, MULTIPLIER_BITS + least - bits);
  return { to: form.to.map((exponent) => exponent - lacking), bits: bits + lacking };
}

/** Rounded up, so that no weight is beyond the largest; against noise in the last bit of a double. */
const NOISE = 1e-9;

function multiplierOf(real: number, bits: number): number {
  return Math.max(1, Math.ceil(real * 2 ** bits - NOISE));
}

function clampTo32(value: number): number {
  return Math.max(-SUM_RANGE, Math.min(SUM_RANGE - 1, value));
}

/** Rows of which some input of 16 bits could make a sum of more than 32. */
function rowsThatOverflow(
  { weights, bias }: Pick<IntegerLayer, "weights" | "bias">,
  rows: number,
  isNarrowed: boolean,
  rounding = 0,
): number[] {
  const columns = weights.length / rows;
  return Array.from({ length: rows }, (_, row) => row).filter((row) => {
    let sum = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++) sum += Math.abs(weights[i]!);
    const behind = isNarrowed || bias === undefined ? 0 : Math.abs(bias[row]!);
    return INPUT_RANGE * sum + behind + rounding >= SUM_RANGE;
  });
}
