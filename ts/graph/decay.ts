/**
 * The scan's A as the core wants it, from A_log. With an exp of its own, because Math.exp may differ
 * in its last bit between JavaScript engines and the same checkpoint must give the same blob.
 */
import { BadCheckpoint } from "../core/errors.js";
import { positionOf, type Tensor } from "./tensor.js";

const FLT_MAX = 3.4028234663852886e38;
/** Outside of this, exp(x) * log2(e) is 0 or beyond FLT_MAX in float32. */
const LOWEST = -150;
const HIGHEST = 100;

/** ln 2 in two parts: a multiple of it by a small integer is exact in the high part. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
/** Polynomial of the reduced argument, from fdlibm's e_exp.c (Sun Microsystems, 1993). */
const P1 = 0.16666666666666602;
const P2 = -0.0027777777777015593;
const P3 = 0.00006613756321437934;
const P4 = -0.0000016533902205465252;
const P5 = 4.1381367970572385e-8;

/**
 * -exp(aLog) * log2(e), in double and rounded once to float32, not below -FLT_MAX: with it,
 * exp(dt * A) = 2^(dt * A').
 */
export function decayRate(aLog: number): number {
  return Math.max(-FLT_MAX, Math.fround(-exp(aLog) * Math.LOG2E));
}

/**
 * Refuses an A that is not below 0 (a state that never decays, or grows) or not finite as float32.
 * What is no number at all is not this function's to find.
 * @throws BadCheckpoint naming the element
 */
export function assertDecays({ name, shape, data }: Tensor): void {
  const index = data.findIndex((aLog) => Number.isFinite(aLog) && !decays(aLog));
  if (index < 0) return;
  const aLog = data[index] as number;
  throw new BadCheckpoint(
    `${name}[${positionOf(index, shape).join(", ")}]`,
    "A_log that makes A = -exp(A_log) below 0 and finite in float32 (-104.3 to 88.3)",
    `${aLog}, so that A is ${aLog > 0 ? "infinite" : 0}`,
  );
}

function decays(aLog: number): boolean {
  const rate = decayRate(aLog);
  return rate < 0 && rate > -FLT_MAX;
}

/** e^x to less than 1 ulp of a double, for x clamped to [LOWEST, HIGHEST]. */
function exp(x: number): number {
  const clamped = Math.min(Math.max(x, LOWEST), HIGHEST);
  const k = Math.round(clamped * Math.LOG2E);
  const high = clamped - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
  return (1 - (low - (r * c) / (2 - c) - high)) * powerOfTwo(k);
}

const EXPONENT_BIAS = 1023;
const EXPONENT_SHIFT = 20;
const scratch = new DataView(new ArrayBuffer(8));

/** 2^k for a normal double. */
function powerOfTwo(k: number): number {
  scratch.setUint32(0, (k + EXPONENT_BIAS) << EXPONENT_SHIFT);
  return scratch.getFloat64(0);
}
