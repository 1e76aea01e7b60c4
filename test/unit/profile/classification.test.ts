/** Confusion matrices. */
import { expect, test } from "vitest";
import { classify } from "../../../ts/profile/index.js";

test("rows are true classes, columns predicted ones; the first of equal maxima counts", () => {
  const rows = [
    [3, 1, 2],
    [1, 1, 0],
    [0, 0, 9],
    [0, 0, 9],
  ].map((row) => Float32Array.from(row));
  expect(classify(rows, [0, 1, 2, 1], 3)).toEqual({
    items: 4,
    correct: 2,
    accuracy: 0.5,
    confusion: [
      [1, 0, 0],
      [1, 0, 1],
      [0, 0, 1],
    ],
  });
});

test("an item without a number among its logits is wrong, and in no column", () => {
  const rows = [Float32Array.of(Number.NaN, Number.NaN), Float32Array.of(Number.NaN, 1)];
  expect(classify(rows, [0, 1], 2)).toEqual({
    items: 2,
    correct: 1,
    accuracy: 0.5,
    confusion: [
      [0, 0],
      [0, 1],
    ],
  });
});
