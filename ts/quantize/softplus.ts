/**
 * The integer softplus of csrc/kernels/softplus_int.c, to find the largest argument whose result fits: the same bits.
 */

/** Digits of the argument. */
export const SOFTPLUS_DIGITS = 11;

/** 2^-f in Q30, f in Q15. */
function exp2Negative(f: number): number {
  let t = 1012943840 + -5656 * f;
  t = -1487979748 + (t >> 16) * f;
  return 1073725440 + (t >> 16) * f;
}

/** log2 e in the digits that make the argument's power of two Q26. */
const LOG2_E = 47274;
const LOG1P = [1863, -6108, 10571, -16374, 32767] as const;
const HALF = 0x4000;
const ONE = 32767;

/** Of an argument in Q11, with `digits` digits. */
export function integerSoftplus(v: number, digits: number): number {
  const power = Math.abs(v) * LOG2_E;
  const halvings = Math.floor(power / 2 ** 26);
  const t = exp2Negative(Math.floor(power / 2 ** 11) & ONE);
  const exponential = Math.floor(Math.floor(t / 2 ** (30 - digits)) / 2 ** halvings);
  const small = Math.floor(t / 2 ** 15 / 2 ** halvings);
  let r = 0;
  for (const coefficient of LOG1P) r = coefficient + ((r * small + HALF) >> 15);
  r = Math.min(r, ONE);
  const positive = Math.max(v, 0) * 2 ** (digits - SOFTPLUS_DIGITS);
  return positive + 2 * Math.floor((exponential * r) / 2 ** 16);
}

const LARGEST_ARGUMENT = 2 ** 15 - 1;
const RANGE = 2 ** 31;
/** By so many digits the core may be off between arguments. */
const SURE_DIGITS = 9;

/** The largest argument from which on down no result leaves 32 bits. */
export function largestArgument(digits: number): number {
  const margin = 2 ** (digits - SURE_DIGITS);
  for (let v = LARGEST_ARGUMENT; v > -LARGEST_ARGUMENT; v--) {
    if (integerSoftplus(v, digits) + margin < RANGE) return v;
  }
  return -LARGEST_ARGUMENT;
}
