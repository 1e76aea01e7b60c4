/** Least squares with coefficients that are not negative, for few unknowns. */

/** Rounds over all unknowns; it stops long before where nothing changes any more. */
const MOST_ROUNDS = 100_000;
const SMALLEST_CHANGE = 1e-12;

/**
 * The x of at least 0 with the least sum of (rows x - values)^2, by going down one unknown at a time: the problem is
 * convex, so that this ends at its minimum.
 * @param rows of equal lengths
 */
export function nonNegativeLeastSquares(
  rows: readonly (readonly number[])[],
  values: readonly number[],
): number[] {
  const unknowns = rows[0]?.length ?? 0;
  const scales = Array.from({ length: unknowns }, (_, k) => Math.hypot(...rows.map((r) => r[k]!)));
  const scaled = rows.map((row) => row.map((x, k) => (scales[k]! > 0 ? x / scales[k]! : 0)));
  const dot = (a: (row: readonly number[], i: number) => number) =>
    scaled.reduce((sum, row, i) => sum + a(row, i), 0);
  const products = scales.map((_, k) => scales.map((_, l) => dot((row) => row[k]! * row[l]!)));
  const sides = scales.map((_, k) => dot((row, i) => row[k]! * values[i]!));
  const found = scales.map(() => 0);
  const largest = Math.hypot(...values);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let changed = 0;
    for (let k = 0; k < unknowns; k++) {
      const square = products[k]![k]!;
      if (square === 0) continue;
      const slope = products[k]!.reduce((sum, p, l) => sum + p * found[l]!, -sides[k]!);
      const next = Math.max(0, found[k]! - slope / square);
      changed = Math.max(changed, Math.abs(next - found[k]!));
      found[k] = next;
    }
    if (changed <= SMALLEST_CHANGE * largest) break;
  }
  return found.map((x, k) => (scales[k]! > 0 ? x / scales[k]! : 0));
}
