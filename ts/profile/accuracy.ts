/**
 * Outputs against a reference of higher precision, case by case. Errors are relative to the largest
 * magnitude in the reference's case. Knows nothing of where either came from.
 */
import type { Outputs } from "../core/outputs.js";

export interface CaseError {
  /** Largest and mean |error| over the case's logits, over its largest |reference|. */
  readonly maxRelative: number;
  readonly meanRelative: number;
  /** As `classOf` says. */
  readonly classIndex: number;
  readonly referenceClass: number;
  readonly sameClass: boolean;
}

export interface Accuracy {
  readonly cases: readonly CaseError[];
  /** Over all cases. */
  readonly maxRelative: number;
  readonly meanRelative: number;
  readonly sameClasses: number;
}

/** Twice what float32 PyTorch itself deviates from float64 on real inputs (1.1e-6). */
export const DEFAULT_TOLERANCE = 2e-6;

type Values = Float32Array | Float64Array;

/** Of all outputs together, and of each. */
export interface OutputsAccuracy {
  /** A case is as far off as that of its outputs that is farthest; classes are those of the first. */
  readonly all: Accuracy;
  readonly outputs: readonly OutputAccuracy[];
}

export interface OutputAccuracy {
  readonly name: string;
  readonly shape: readonly number[];
  readonly accuracy: Accuracy;
}

/** @param reference index for index with the outputs, of each the elements of every case */
export function compareOutputs(
  ours: readonly Outputs[],
  reference: readonly (readonly Values[])[],
): OutputsAccuracy {
  const [first = []] = ours;
  const outputs = first.map(({ name, shape }, i): OutputAccuracy => {
    const rows = ours.map((outputs) => outputs[i]?.data ?? new Float32Array(0));
    return { name, shape, accuracy: compareLogits(rows, reference[i] ?? []) };
  });
  return { all: together(outputs.map(({ accuracy }) => accuracy)), outputs };
}

function together(outputs: readonly Accuracy[]): Accuracy {
  const [first, ...others] = outputs as [Accuracy, ...Accuracy[]];
  if (others.length === 0) return first;
  const cases = first.cases.map((one, i) => {
    const all = outputs.map((output) => output.cases[i] as CaseError);
    return {
      ...one,
      maxRelative: Math.max(...all.map(({ maxRelative }) => maxRelative)),
      meanRelative: all.reduce((sum, { meanRelative }) => sum + meanRelative, 0) / all.length,
    };
  });
  return {
    ...first,
    cases,
    maxRelative: Math.max(...outputs.map(({ maxRelative }) => maxRelative)),
    meanRelative: cases.reduce((sum, { meanRelative }) => sum + meanRelative, 0) / cases.length,
  };
}

/** Both hold one row of logits a case. */
export function compareLogits(ours: readonly Values[], reference: readonly Values[]): Accuracy {
  const cases = ours.map((row, i) => compareCase(row, reference[i] as Values));
  return {
    cases,
    maxRelative: Math.max(...cases.map((c) => c.maxRelative)),
    meanRelative: cases.reduce((sum, c) => sum + c.meanRelative, 0) / cases.length,
    sameClasses: cases.filter((c) => c.sameClass).length,
  };
}

function compareCase(ours: Values, reference: Values): CaseError {
  const { max, mean } = relativeErrors(ours, reference);
  const classIndex = classOf(ours);
  const referenceClass = classOf(reference);
  return {
    maxRelative: max,
    meanRelative: mean,
    classIndex,
    referenceClass,
    sameClass: classIndex === referenceClass,
  };
}

/** Largest and mean |ours - reference| over the largest |reference|; NaN counts as infinite. */
export function relativeErrors(ours: Values, reference: Values): { max: number; mean: number } {
  let largest = 0;
  let max = 0;
  let sum = 0;
  for (let i = 0; i < reference.length; i++) {
    const expected = reference[i] as number;
    const error = Math.abs((ours[i] as number) - expected);
    largest = Math.max(largest, Math.abs(expected));
    max = Math.max(max, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    sum += error;
  }
  const relative = (error: number): number => {
    if (error === 0) return 0;
    return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / largest;
  };
  return { max: relative(max), mean: relative(sum / reference.length) };
}

/**
 * The class that logits say: the first maximum; -1 when none is a number, and for a network of one
 * value, which is a measure and no choice.
 */
export function classOf(values: Values): number {
  return values.length === 1 ? -1 : firstMaximum(values);
}

/** Index of the first maximum; NaN is no maximum; -1 when there is none. */
export function firstMaximum(values: Values): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isNaN(value) && (best < 0 || value > (values[best] as number))) best = i;
  }
  return best;
}
