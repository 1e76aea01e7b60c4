/**
 * Exponents of values: an element q of a value with exponent e stands for q 2^-e. How large e may be follows from
 * the largest magnitude that was seen, with room above it. Arithmetic only.
 */

/** Room above the largest magnitude that was seen: of 16 bits, of 32 bits, and of the state of a scan. A state of 16
 * bits has none to spare: of margins from 1 to 8 it had the smallest error, and no saturation, over inputs that were
 * neither calibrated nor tested with (scripts/models/integer_figures.mjs margins). */
const MARGIN_16 = 2;
const MARGIN_32 = 16;
const MARGIN_STATE = { 32: 8, 16: 1 } as const;
const LARGEST_16 = 2 ** 15 - 1;
const RANGE_32 = 2 ** 31;
/** More digits than this behind the point are of no use: what is as small is noise beside its neighbours. */
const MOST_EXPONENT_16 = 24;
const MOST_EXPONENT_32 = 40;

export function exponent16(largest: number, most = MOST_EXPONENT_16): number {
  return exponentFor(largest * MARGIN_16, LARGEST_16, most);
}

export function exponent32(largest: number, most = MOST_EXPONENT_32): number {
  return exponentFor(largest * MARGIN_32, RANGE_32, most);
}

/** @param margin room above it */
export function exponentOfState(
  largest: number,
  bits: 16 | 32,
  margin: number = MARGIN_STATE[bits],
): number {
  return exponentFor(largest * margin, RANGE_32, MOST_EXPONENT_32);
}

/** Of constants, which need no room. */
export function exponentOfConstants(values: Float64Array, most: number): number {
  return exponentFor(largestOf(values), LARGEST_16, most);
}

function exponentFor(largest: number, range: number, most: number): number {
  return largest > 0 ? Math.min(most, Math.floor(Math.log2(range / largest))) : most;
}

export function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}

/** Real numbers as integers of an exponent, halves up. */
export function scaled(values: Float64Array, exponent: number): Float64Array {
  return values.map((value) => Math.floor(value * 2 ** exponent + 0.5));
}
