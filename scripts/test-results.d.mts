export interface Ended {
  readonly status: number;
  readonly output: string;
}
/** What vitest leaves of a step. */
export function vitestReport(step: string): string;
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** What was skipped, a name or a line each. */
  readonly skipped: readonly string[];
}
export interface ExpectedSkip {
  readonly name: string;
  readonly when: () => boolean;
  readonly because: string;
}
export function countOne(ended: Ended): Counts;
export function countSummary(ended: Ended): Counts;
export function countLint(ended: Ended): Counts;
export function countVitest(ended: Ended & { readonly name: string }): Counts;
/** Why this skip is none to worry about; undefined when it is one. */
export function reasonToSkip(
  skipped: string,
  expected?: readonly ExpectedSkip[],
): string | undefined;
