/** From logits to what a person reads: probabilities, and labels with the most probable first. */
import { BadInput } from "./errors.js";
import { logitsOf, type Outputs } from "./outputs.js";

export interface Classified {
  readonly label: string;
  readonly classIndex: number;
  /** 0 to 1. */
  readonly probability: number;
}

/** exp(x) over the sum of all exp(x), computed in float64 and rounded once. */
export function softmax(logits: ArrayLike<number>): Float32Array {
  const largest = Math.max(...Array.from(logits));
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

/**
 * The classes of a network's only output (what `run` and `finish` return, or its logits), the most probable first.
 * @param labels the model's; classes without one are named by their index
 * @throws BadInput for another number of labels than classes, BadState for outputs that are no single vector
 */
export function classify(
  outputs: Outputs | Float32Array,
  labels: readonly string[] = [],
): Classified[] {
  const logits = outputs instanceof Float32Array ? outputs : logitsOf(outputs);
  if (labels.length > 0 && labels.length !== logits.length) {
    throw new BadInput(`${logits.length} labels, one a class`, `${labels.length}`);
  }
  return Array.from(softmax(logits), (probability, classIndex) => ({
    label: labels[classIndex] ?? `${classIndex}`,
    classIndex,
    probability,
  })).sort((a, b) => b.probability - a.probability);
}
