/**
 * What is kept of a board's words: its facts and its timing report as they came, in a file that a person may send in and
 * `mambalite timing add` reads. Knows no ports and no estimates.
 */
import type { BoardFacts } from "./console.js";

export function recordText({ lines }: BoardFacts, report: string): string {
  return lines.map((line) => `${line}\n`).join("") + report;
}
