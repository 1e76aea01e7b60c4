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

/** Rounding of as many float32 as there are classes. */
const ONE_WITHIN = 1e-3;

/**
 * Probabilities of classes, from what a network says of them: logits, or probabilities already. Undefined for what is
 * neither: values from 0 to 1 that are not 1 together, and values of which one is not finite.
 */
export function probabilitiesOf(values: Float32Array): Float32Array | undefined {
  if (values.length < 2 || !values.every(Number.isFinite)) return undefined;
  if (!values.every((value) => value >= 0 && value <= 1)) return softmax(values);
  const sum = values.reduce((total, value) => total + value, 0);
  return Math.abs(sum - 1) <= ONE_WITHIN ? values.slice() : undefined;
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
