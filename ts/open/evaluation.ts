/**
 * A model over inputs whose classes are known: what is right, by class, and what is taken for what; for the command line
 * and the page alike. Knows nothing of files, of threads, or of how it is shown.
 */
import type { Model } from "../core/model.js";
import type { Outputs } from "../core/outputs.js";
import { finiteOrNull } from "../json.js";
import { type Accuracy, type Classification, classify, compareLogits } from "../profile/index.js";
import { requireClasses } from "./labelled.js";

/** Outputs of every item, however they were run. */
export interface RanItems {
  readonly results: readonly Outputs[];
  /** Values of integers that were cut off. */
  readonly saturations: number;
}

export interface Evaluation extends Classification {
  /** One a class. */
  readonly labels: readonly string[];
  readonly saturations: number;
  /** How far the logits are from a reference's, if there is one. */
  readonly reference?: Accuracy;
}

/** One class of an evaluation. */
export interface ClassResult {
  readonly label: string;
  /** That are of it. */
  readonly items: number;
  /** Of them, those that are taken for it. */
  readonly right: number;
  /** right / items; undefined without items. */
  readonly recall: number | undefined;
  /** Items that are taken for it. */
  readonly predicted: number;
  /** right / predicted; undefined where nothing is. */
  readonly precision: number | undefined;
}

/**
 * @param classes of each item, an index of the first output
 * @param reference logits of each item
 * @throws BadArgument when the model says no class
 */
export function evaluationOf(
  model: Pick<Model, "info" | "labels">,
  { results, saturations }: RanItems,
  classes: ArrayLike<number>,
  reference?: readonly Float64Array[],
): Evaluation {
  const { width } = requireClasses(model.info);
  const rows = results.map(([logits]) => logits!.data);
  return {
    ...classify(rows, classes, width),
    labels: Array.from({ length: width }, (_, index) => model.labels[index] ?? String(index)),
    saturations,
    ...(reference && { reference: compareLogits(rows, reference) }),
  };
}

export function classResults({ labels, confusion }: Evaluation): ClassResult[] {
  return labels.map((label, index) => {
    const items = sum(confusion[index]!);
    const predicted = sum(confusion.map((counts) => counts[index]!));
    const right = confusion[index]![index]!;
    const [recall, precision] = [share(right, items), share(right, predicted)];
    return { label, items, right, recall, predicted, precision };
  });
}

function share(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** As a machine reads it: what `mambalite eval --json` prints. */
export function evaluationReport({ saturations, reference, ...evaluation }: Evaluation) {
  const { items, correct, accuracy, labels, confusion } = evaluation;
  return {
    items,
    correct,
    accuracy,
    labels,
    confusion,
    ...(saturations > 0 && { saturations }),
    ...(reference && { disagreements: disagreements(reference), error: errorOf(reference) }),
  };
}

function disagreements({ cases, sameClasses }: Accuracy): number {
  return cases.length - sameClasses;
}

function errorOf({ meanRelative, maxRelative }: Accuracy) {
  return { meanRelative: finiteOrNull(meanRelative), maxRelative: finiteOrNull(maxRelative) };
}
