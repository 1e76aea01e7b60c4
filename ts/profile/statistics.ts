/** Statistics of repeated timings. Knows nothing of what was timed. */

/** All in milliseconds. */
export interface Latency {
  readonly runs: number;
  readonly medianMs: number;
  /** The smallest sample that at least 95 % of all samples do not exceed (nearest rank). */
  readonly p95Ms: number;
  readonly minMs: number;
}

/** `samplesMs` must have at least one sample. */
export function summarize(samplesMs: readonly number[]): Latency {
  const sorted = [...samplesMs].sort((a, b) => a - b);
  return {
    runs: sorted.length,
    medianMs: medianOfSorted(sorted),
    p95Ms: nearestRank(sorted, 0.95),
    minMs: sorted[0] ?? Number.NaN,
  };
}

function medianOfSorted(sorted: readonly number[]): number {
  const upper = sorted.length >> 1;
  const lower = (sorted.length - 1) >> 1;
  return ((sorted[lower] ?? Number.NaN) + (sorted[upper] ?? Number.NaN)) / 2;
}

function nearestRank(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}
