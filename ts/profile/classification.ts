/**
 * Logits against the classes that the items have: how many are right, and what is taken for what.
 * Knows nothing of where either came from.
 */
import { firstMaximum } from "./accuracy.js";

export interface Classification {
  readonly items: number;
  readonly correct: number;
  /** correct / items, from 0 to 1. */
  readonly accuracy: number;
  /** Items of each true class (row) by the predicted one (column); where every logit is NaN, none. */
  readonly confusion: readonly (readonly number[])[];
}

/** A row of `width` logits and a class from 0 to `width` - 1 an item; at least one item. */
export function classify(
  rows: readonly Float32Array[],
  classes: ArrayLike<number>,
  width: number,
): Classification {
  const confusion = Array.from({ length: width }, () => new Array<number>(width).fill(0));
  for (const [item, logits] of rows.entries()) {
    const predicted = firstMaximum(logits);
    if (predicted >= 0) confusion[classes[item]!]![predicted]!++;
  }
  const correct = confusion.reduce((sum, row, index) => sum + row[index]!, 0);
  return { items: rows.length, correct, accuracy: correct / rows.length, confusion };
}
