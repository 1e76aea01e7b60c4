/** The evaluation over a labelled set: whether its panel is open, its answer or its problem. Knows nothing of how it is shown. */
import { batch, effect, signal } from "@preact/signals";
import type { EvaluationAnswer, NamedFile } from "../worker/protocol.js";
import { latest } from "./latest.js";
import { choice, explain, generation, work } from "./simulator.js";

/** Whether the panel's controls are asked for. */
export const isOpen = signal(false);
export const evaluated = signal<EvaluationAnswer | null>(null);
export const evaluationProblem = signal<string | null>(null);
export const isEvaluating = signal(false);

const begin = latest();

effect(() => {
  generation.value;
  forget();
});

function forget(): void {
  batch(() => {
    evaluated.value = null;
    evaluationProblem.value = null;
  });
}

/** @param files a folder of clips a class, or inputs and classes as arrays */
export async function evaluateFiles(files: readonly NamedFile[]): Promise<void> {
  const isLast = begin();
  forget();
  isOpen.value = true;
  isEvaluating.value = true;
  try {
    const answer = await work("evaluate", { choice: choice.peek(), files }, "evaluating");
    if (isLast()) evaluated.value = answer;
  } catch (error) {
    if (isLast()) evaluationProblem.value = explain(error);
  } finally {
    if (isLast()) isEvaluating.value = false;
  }
}
