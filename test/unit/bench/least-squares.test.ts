/** Least squares without negative coefficients. */
import { expect, test } from "vitest";
import { nonNegativeLeastSquares } from "../../../bench/board-table/least-squares.js";

test("coefficients that values were made of are found", () => {
  const rows = [
    [1, 0, 3],
    [2, 5, 1],
    [0, 1, 1],
    [4, 2, 9],
  ];
  const values = rows.map(([a, b, c]) => 2 * a! + 0.5 * b! + 7 * c!);
  const found = nonNegativeLeastSquares(rows, values);
  [2, 0.5, 7].forEach((x, k) => {
    expect(found[k]).toBeCloseTo(x, 6);
  });
});

test("what would be negative is 0, and the others are the best without it", () => {
  // Of one unknown alone: (1 * 3 + 2 * 5 + 3 * 7) / 14.
  const found = nonNegativeLeastSquares(
    [
      [1, 1],
      [2, 2.5],
      [3, 4],
    ],
    [3, 5, 7],
  );
  expect(found[1]).toBe(0);
  expect(found[0]).toBeCloseTo(34 / 14, 6);
});

test("an unknown that no row has is 0", () => {
  expect(nonNegativeLeastSquares([[2, 0]], [6])).toEqual([3, 0]);
  expect(nonNegativeLeastSquares([], [])).toEqual([]);
});
