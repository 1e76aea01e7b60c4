/** Outputs as a result: values, bits, class. Knows nothing of where they came from. */

import type { Output, Outputs } from "../core/outputs.js";
import { hexWord } from "../hex-word.js";
import { classOf } from "../profile/index.js";

export interface OutputResult {
  /** [width], or [rows, width] of a sequence. */
  readonly shape: readonly number[];
  /** The float32 values, row by row; null where there is no number (NaN, infinity). */
  readonly values: readonly (number | null)[];
  /** The same values as 8 lower-case hex digits each. */
  readonly bits: readonly string[];
}

/** What a network whose only output is a vector says besides. */
export interface LogitsResult {
  readonly logits: OutputResult["values"];
  readonly logitsBits: OutputResult["bits"];
  /** The first maximum; null when no logit is a number, or there is one only. */
  readonly classIndex: number | null;
  readonly label?: string;
}

export interface Result extends Partial<LogitsResult> {
  readonly outputs: Readonly<Record<string, OutputResult>>;
}

/** `labels` is empty when the model has none. */
export function toResult(outputs: Outputs, labels: readonly string[]): Result {
  const results = outputs.map((output) => [output.name, outputResult(output)] as const);
  const [only] = outputs;
  const [, first] = results[0] ?? [];
  return {
    ...(outputs.length === 1 &&
      only?.shape.length === 1 &&
      first !== undefined &&
      logitsResult(only.data, first, labels)),
    outputs: Object.fromEntries(results),
  };
}

function logitsResult(
  logits: Float32Array,
  { values, bits }: OutputResult,
  labels: readonly string[],
): LogitsResult {
  const best = classOf(logits);
  const label = labels[best];
  return {
    logits: values,
    logitsBits: bits,
    classIndex: best < 0 ? null : best,
    ...(label === undefined ? {} : { label }),
  };
}

function outputResult({ shape, data }: Output): OutputResult {
  return {
    shape,
    values: Array.from(data, (value) => (Number.isFinite(value) ? value : null)),
    bits: bitsOf(data),
  };
}

function bitsOf(data: Float32Array): string[] {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  return Array.from(words, hexWord);
}
