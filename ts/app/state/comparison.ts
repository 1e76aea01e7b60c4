/** The comparison with a reference: its answer or its problem. Knows nothing of how it is shown. */
import { effect, signal } from "@preact/signals";
import type { ComparisonAnswer, NamedFile } from "../worker/protocol.js";
import { latest } from "./latest.js";
import { choice, explain, generation, work } from "./simulator.js";

export const comparison = signal<ComparisonAnswer | null>(null);
export const comparisonProblem = signal<string | null>(null);

const begin = latest();

effect(() => {
  generation.value;
  comparison.value = null;
  comparisonProblem.value = null;
});

export async function compareFiles(files: readonly NamedFile[]): Promise<void> {
  const isLast = begin();
  comparison.value = null;
  comparisonProblem.value = null;
  try {
    const answer = await work("compare", { choice: choice.peek(), files }, "comparing");
    if (isLast()) comparison.value = answer;
  } catch (error) {
    if (isLast()) comparisonProblem.value = explain(error);
  }
}

/** From a file chooser; folders give their files' paths. */
export function namedFiles(files: readonly File[]): NamedFile[] {
  return files.map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}
