/**
 * Pareto fronts: of candidates with several costs, those that no other one beats in one cost without losing in another.
 * Knows nothing of what costs are.
 */

/** Less is better. */
export type Costs = readonly number[];

/** Those on the front, cheapest by the first cost first. Several of the same costs are all on it. */
export function frontOf<T>(candidates: readonly T[], costsOf: (candidate: T) => Costs): T[] {
  const all = candidates.map((candidate) => ({ candidate, costs: costsOf(candidate) }));
  // Whoever beats a candidate comes before it: each is held against the front alone.
  all.sort((a, b) => compareCosts(a.costs, b.costs));
  const front: typeof all = [];
  for (const one of all) {
    if (!front.some(({ costs }) => beats(costs, one.costs))) front.push(one);
  }
  return front.map(({ candidate }) => candidate);
}

/** By the first cost in which they differ. */
export function compareCosts(a: Costs, b: Costs): number {
  for (const [i, cost] of a.entries()) {
    const other = b[i]!;
    if (cost !== other) return cost - other;
  }
  return 0;
}

function beats(a: Costs, b: Costs): boolean {
  return a.every((cost, i) => cost <= b[i]!) && a.some((cost, i) => cost < b[i]!);
}
