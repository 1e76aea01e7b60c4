/**
 * The front end in integers, from samples of 16 bits to frames, the map of channels behind it folded in. What its
 * numbers mean is at the top of csrc/kernels/logmel_int.c.
 */
import type { EncodedOp } from "../blob/encode.js";
import { LOGMEL_INT } from "../graph/descriptors/integer.js";
import { integerVector } from "../graph/packing.js";
import type { Made } from "./conversion.js";
import { largestOf, scaled } from "./exponents.js";
import { nameOf, realTensor } from "./int-layers.js";
import { floatOf } from "./wants.js";

const [WINDOW, HOP, FFT, SAMPLE_RATE, FLOOR] = [0, 1, 2, 3, 4] as const;
const [WEIGHTS, TWIDDLES, BINS, FILTERS] = [0, 1, 2, 3] as const;

/** What the kernel does a transform of. */
const LEAST_FFT = 8;
const MOST_FFT = 4096;
const LARGEST_16 = 2 ** 15 - 1;
const Q15 = 15;
/** An energy of 1 has so many digits, less two for each halving of the transform's length. */
const ENERGY_DIGITS = 48;
/** Energies have 63 bits. */
const ENERGY_BITS = 63;
/** Where a window has no energy, in the place of its logarithm. */
const LEAST_ENERGY = 2 ** -64;
const WORD = 0xffff_ffffn;

/**
 * The two ops in one: the frames of `logmel` times scale plus shift of `affine`, where there is one. Undefined for a
 * transform, a window or filters that the kernel does not do.
 */
export function convertLogmel(
  logmel: EncodedOp,
  affine: EncodedOp | undefined,
  exponent: number,
): Omit<Made, "inputs"> | undefined {
  const { attributes, tensors, width } = logmel;
  const fft = attributes[FFT] as number;
  const filters = realTensor(logmel, FILTERS) as Float64Array;
  if (fft < LEAST_FFT || fft > MOST_FFT || filters.some((weight) => weight < 0)) return undefined;
  const window = realTensor(logmel, WEIGHTS) as Float64Array;
  if (largestOf(window) > 1) return undefined;
  const filterDigits = digitsOfFilters(filters, window, fft);
  const digits = energyDigits(fft) + filterDigits;
  const floor = floatOf(attributes[FLOOR] as number) * 2 ** digits;
  const least = BigInt(Math.min(Math.max(1, Math.round(floor)), 2 ** (ENERGY_BITS - 1)));
  const map = mapOf(affine, width, digits, exponent);
  return {
    primitive: LOGMEL_INT,
    type: "i16",
    exponents: [map.exponent],
    attributes: [
      ...[WINDOW, HOP, FFT, SAMPLE_RATE].map((index) => attributes[index] as number),
      ...[Number(least & WORD), Number(least >> 32n), map.shift],
    ],
    tensors: [
      integerVector(nameOf(logmel, WEIGHTS), cutOff(scaled(window, Q15))),
      integerVector(
        nameOf(logmel, TWIDDLES),
        cutOff(scaled(realTensor(logmel, TWIDDLES) as Float64Array, Q15)),
      ),
      tensors[BINS],
      integerVector(nameOf(logmel, FILTERS), cutOff(scaled(filters, filterDigits))),
      integerVector(`${logmel.name}.multiplier`, Int16Array.from(map.multiplier)),
      integerVector(`${logmel.name}.offset`, Int32Array.from(map.offset)),
    ],
  };
}

function cutOff(values: Float64Array): Int16Array {
  return Int16Array.from(values, (value) => Math.max(-LARGEST_16, Math.min(LARGEST_16, value)));
}

function energyDigits(fft: number): number {
  return ENERGY_DIGITS - 2 * Math.log2(fft);
}

/** As many as 16 bits hold, and no sum over a band can leave 63: all bins together have N sum w^2 at most. */
function digitsOfFilters(filters: Float64Array, window: Float64Array, fft: number): number {
  const largest = Math.max(largestOf(filters), LEAST_ENERGY);
  const power = fft * window.reduce((sum, weight) => sum + weight * weight, 0);
  const byBits = Math.log2(LARGEST_16 / largest);
  const bySum =
    ENERGY_BITS - energyDigits(fft) - Math.log2(Math.max(largest * power, LEAST_ENERGY));
  return Math.floor(Math.min(byBits, bySum));
}

// ---- the map behind the logarithm ------------------------------------------------------------------------

const MOST_SHIFT = 15;
const MOST_OFFSET = 2 ** 29;

interface LogMap {
  readonly multiplier: Float64Array;
  /** With half a unit of what is shifted off. */
  readonly offset: Float64Array;
  readonly shift: number;
  readonly exponent: number;
}

/** From log2 of an energy with that many digits to the frame: as many digits on the way as 16 bits hold. */
function mapOf(
  affine: EncodedOp | undefined,
  width: number,
  digits: number,
  wanted: number,
): LogMap {
  const scale = affine ? (realTensor(affine, 0) as Float64Array) : new Float64Array(width).fill(1);
  const shift = affine ? (realTensor(affine, 1) as Float64Array) : new Float64Array(width);
  const slopes = scale.map((factor) => factor * Math.LN2);
  const offsets = shift.map((value, band) => value - digits * slopes[band]!);
  const bits = Math.min(
    Math.log2(LARGEST_16 / Math.max(largestOf(slopes), LEAST_ENERGY)),
    Math.log2(MOST_OFFSET / Math.max(largestOf(offsets), LEAST_ENERGY)) - 1,
  );
  const exponent = Math.min(wanted, Math.floor(bits));
  const down = Math.min(MOST_SHIFT, Math.floor(bits) - exponent);
  const half = Math.floor(2 ** down / 2);
  const multiplier = scaled(slopes, exponent + down);
  // Rounded for the energy that frames are 0 at, a multiplier is off by little at those around it.
  const offset = offsets.map((value, band) => {
    const zero = Math.min(Math.max(-value / slopes[band]! || 0, 0), ENERGY_BITS);
    return (value + slopes[band]! * zero) * 2 ** (exponent + down) - multiplier[band]! * zero;
  });
  return {
    multiplier,
    offset: scaled(offset, 0).map((value) => value + half),
    shift: down,
    exponent,
  };
}
