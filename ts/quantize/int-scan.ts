/** The selective scan and the gate behind it in integers. */
import type { EncodedOp } from "../blob/encode.js";
import { BadArgument } from "../core/errors.js";
import { GATE_INT, SELECTIVE_SCAN_INT } from "../graph/descriptors/integer.js";
import { integerRows, integerVector } from "../graph/packing.js";
import type { Value } from "../graph/tensor.js";
import { exponentOf, type Form, type Made } from "./conversion.js";
import { exponent16, exponentOfConstants, exponentOfState, scaled } from "./exponents.js";
import {
  LARGEST_BYTE,
  layerTensors,
  nameOf,
  realTensor,
  requireTable,
  SILU_FLOOR,
  siluExponent,
  tableExponent,
} from "./int-layers.js";
import { type IntegerLayer, quantizeLayer, SHIFTS_16 } from "./layer.js";
import type { ScanRanges } from "./observe.js";
import type { Range } from "./range.js";
import { integerSoftplus, largestArgument, SOFTPLUS_DIGITS } from "./softplus.js";
import type { Surroundings } from "./surroundings.js";

// ---- the scan ----------------------------------------------------------------------------------------

const DT_PROJ = 0;
const DT_BIAS = 1;
const A = 2;
const D = 3;
const STATE_16 = 1;
const STATE_32 = 0;

/** The argument of softplus has 16 bits. */
const MOST_DT = 15.9;
const DT_MARGIN = 2;
const MOST_DT_DIGITS = 30;
const LEAST_DT_DIGITS = SOFTPLUS_DIGITS;
const MOST_CONSTANT_DIGITS = 14;
/** Of mantissas: dt, dt u and the fraction of a power of two. */
const MANTISSA_BITS = 15;
const MULTIPLIER_BITS = 16;

export function convertScan(around: Surroundings, op: EncodedOp, index: number): Made {
  const ranges = around.seen.scans.get(index) as ScanRanges;
  const [states, rank] = op.attributes as [number, number];
  const u = around.as(op.inputs[0] as Value, "i16");
  const rows = around.as(op.inputs[1] as Value, "i16");
  const [low, b, c] = [0, rank, rank + 1].map((row) => exponentAt(rows, row)) as Triple;
  const dt = dtForm(op, ranges.dt.largest);
  const layer = dtLayer(op, low);
  const rates = (realTensor(op, A) as Float64Array).map((rate) => -rate);
  const rateDigits = exponentOfConstants(rates, MOST_CONSTANT_DIGITS);
  const decayShift = dt.digits + rateDigits - MANTISSA_BITS;
  requireDecays(op, decayShift, dt);
  const state = exponentOfState(ranges.state.largest, around.stateBits, around.stateMargin);
  const d = realTensor(op, D) as Float64Array;
  const skipDigits = exponentOfConstants(d, MOST_CONSTANT_DIGITS);
  const exponent = state + c - MULTIPLIER_BITS;
  return {
    primitive: SELECTIVE_SCAN_INT,
    inputs: [u, rows],
    variant: around.stateBits === 16 ? STATE_16 : STATE_32,
    type: "i32",
    exponents: [exponent],
    attributes: [
      ...[states, rank, layer.shift, dt.digits, dt.mostArgument, decayShift],
      dt.digits + exponentOf(u) + b - state,
      skipDigits + exponentOf(u) - exponent,
    ],
    tensors: [
      ...layerTensors(op, DT_PROJ, layer),
      integerRows(nameOf(op, A), Int16Array.from(scaled(rates, rateDigits)), op.width),
      integerVector(nameOf(op, D), Int16Array.from(scaled(d, skipDigits))),
    ],
  };
}

type Triple = [number, number, number];

function exponentAt(form: Form, row: number): number {
  return form.exponents[row] ?? exponentOf(form);
}

interface DtForm {
  readonly digits: number;
  readonly mostArgument: number;
}

/** @throws BadArgument for a dt that an argument of 16 bits cannot make */
function dtForm({ name }: EncodedOp, largest: number): DtForm {
  if (largest > MOST_DT) {
    const expected = `at most ${MOST_DT} over all inputs to calibrate with, or --float ${name}`;
    throw new BadArgument(`dt of op ${name}`, expected, largest.toPrecision(3));
  }
  const wanted = MOST_DT_DIGITS + 1 - Math.ceil(Math.log2(Math.max(largest * DT_MARGIN, 1)));
  const digits = Math.max(LEAST_DT_DIGITS, Math.min(MOST_DT_DIGITS, wanted));
  return { digits, mostArgument: largestArgument(digits) };
}

/** @throws BadArgument when its numbers and softplus's digits do not go together */
function dtLayer(op: EncodedOp, from: number): IntegerLayer {
  const weights = realTensor(op, DT_PROJ) as Float64Array;
  const to = new Array<number>(op.width).fill(SOFTPLUS_DIGITS);
  const made = quantizeLayer(
    { weights, rows: op.width, bias: realTensor(op, DT_BIAS) },
    { largestWeight: LARGEST_BYTE, from, to, shifts: SHIFTS_16, isNarrowed: false },
  );
  if (made.exponents[0] === SOFTPLUS_DIGITS) return made;
  const expected = `smaller ones beside its input, or --float ${op.name}`;
  throw new BadArgument(`weights of dt of op ${op.name}`, expected, "as large ones");
}

/** dt is cut to 15 bits before it is multiplied with a rate: the shift behind it makes up for that. */
function requireDecays({ name }: EncodedOp, shift: number, { digits, mostArgument }: DtForm): void {
  const largest = integerSoftplus(mostArgument, digits);
  const cutOff = Math.max(0, Math.floor(Math.log2(largest)) + 1 - MANTISSA_BITS);
  if (shift >= cutOff) return;
  const expected = `rates of decay that fit 16 bits beside dt, or --float ${name}`;
  throw new BadArgument(`A of op ${name}`, expected, "larger ones");
}

// ---- the gate ----------------------------------------------------------------------------------------

const MOST_GATE_SHIFT = 46;
/** Digits of a function between -1 and 1. */
const UNIT_EXPONENT = 15;
/** Beyond it a sigmoid is flat. */
const FLAT_BEYOND = 16;

export function convertGate(around: Surroundings, op: EncodedOp, index: number): Made {
  const activation = op.primitive.variants?.[op.variant] ?? "";
  const y = around.as(op.inputs[0] as Value, "i32");
  const u = around.as(op.inputs[1] as Value, "i16");
  const z = around.seen.inner.get(index) as Range;
  const layer = quantizeLayer(
    { weights: realTensor(op, 0) as Float64Array, rows: op.width, bias: realTensor(op, 1) },
    {
      largestWeight: LARGEST_BYTE,
      from: exponentOf(u),
      to: new Array<number>(op.width).fill(argumentExponent(activation, z)),
      shifts: SHIFTS_16,
      isNarrowed: false,
    },
  );
  const from = layer.exponents[0] as number;
  if (activation !== "relu") requireTable(op, from);
  const exponent = valueExponent(activation, z, from);
  const product = exponentOf(y) + exponent;
  const wanted = product - around.wants.exponent32(index + 1);
  const shift = Math.max(0, Math.min(MOST_GATE_SHIFT, wanted));
  return {
    primitive: GATE_INT,
    inputs: [y, u],
    type: "i32",
    exponents: [product - shift],
    attributes: [layer.shift, from, exponent, shift],
    tensors: layerTensors(op, 0, layer),
  };
}

function argumentExponent(activation: string, z: Range): number {
  if (activation === "silu") return tableExponent(z.largestAbove(SILU_FLOOR));
  // z of other functions was seen behind them; what is below 0 does not matter to relu.
  return activation === "relu" ? exponent16(z.largest) : tableExponent(FLAT_BEYOND);
}

function valueExponent(activation: string, z: Range, from: number): number {
  if (activation === "relu") return from;
  if (activation !== "silu") return UNIT_EXPONENT;
  const largest = z.most.reduce((a, b) => Math.max(a, b), 0);
  return siluExponent(exponent16(Math.max(largest, LEAST_OF_SILU)), from);
}

/** Its lowest value is as far below 0. */
const LEAST_OF_SILU = 0.2785;
