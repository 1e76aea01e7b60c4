/** Logits as a result: values, bits, class. Knows nothing of where they came from. */

import { classOf } from "../profile/index.js";

export interface Result {
  /** The float32 values; null where there is no number (NaN, infinity). */
  readonly logits: readonly (number | null)[];
  /** The same values as 8 lower-case hex digits each. */
  readonly logitsBits: readonly string[];
  /** The first maximum; null when no logit is a number, or there is one only. */
  readonly classIndex: number | null;
  readonly label?: string;
}

/** `labels` is empty when the model has none. */
export function toResult(logits: Float32Array, labels: readonly string[]): Result {
  const best = classOf(logits);
  const label = labels[best];
  return {
    logits: Array.from(logits, (value) => (Number.isFinite(value) ? value : null)),
    logitsBits: bitsOf(logits),
    classIndex: best < 0 ? null : best,
    ...(label === undefined ? {} : { label }),
  };
}

function bitsOf(logits: Float32Array): string[] {
  const words = new Uint32Array(logits.buffer, logits.byteOffset, logits.length);
  return Array.from(words, (word) => word.toString(16).padStart(8, "0"));
}
