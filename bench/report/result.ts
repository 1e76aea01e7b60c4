/** What a case found, as plain data: for a page of Markdown, a JSON file and charts. */

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How its numbers came about. */
  readonly note?: string;
}

export interface Chart {
  /** Becomes part of a file name. */
  readonly id: string;
  readonly title: string;
  readonly svg: string;
}

/** Something the project says of itself, and what was measured. */
export interface Claim {
  readonly text: string;
  readonly value: number;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit: string;
}

export interface CaseResult {
  readonly title: string;
  readonly tables: readonly Table[];
  readonly charts: readonly Chart[];
  readonly claims: readonly Claim[];
  /** What could not be measured here, and why. */
  readonly skipped: readonly string[];
  /** Every number, for machines. */
  readonly data: unknown;
}

export function isMet({ value, atLeast = -Infinity, atMost = Infinity }: Claim): boolean {
  return value >= atLeast && value <= atMost;
}
