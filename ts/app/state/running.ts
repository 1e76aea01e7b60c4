/**
 * The input that is run, its results, and the frame at which its sequence is watched. Knows nothing
 * of how they are shown.
 */
import { effect, signal } from "@preact/signals";
import type { RunAnswer, Watched } from "../worker/protocol.js";
import { latest } from "./latest.js";
import { ask, choice, explain, generation, work } from "./simulator.js";

export const run = signal<RunAnswer | null>(null);
export const runProblem = signal<string | null>(null);
/** Index of the sequence that is shown and watched. */
export const sequence = signal(0);
export const watched = signal<Watched | null>(null);
export const isPlaying = signal(false);

const FRAME_MS = 40;

const begin = latest();

effect(() => {
  generation.value;
  forget();
});

function forget(): void {
  run.value = null;
  runProblem.value = null;
  sequence.value = 0;
  watched.value = null;
  isPlaying.value = false;
}

export function runFile(file: File): Promise<void> {
  return runInput(file.name, file);
}

/** A file, the address of an example, or null for generated numbers. */
export async function runInput(name: string, input: File | string | null): Promise<void> {
  const isLast = begin();
  forget();
  try {
    const answer = await work("run", { choice: choice.peek(), input, name }, "running");
    if (!isLast()) return;
    run.value = answer;
    await watchFrame(answer.frames);
  } catch (error) {
    if (!isLast()) return;
    const reason = explain(error);
    runProblem.value = reason === null ? null : `${name}: ${reason}`;
  }
}

let wantedFrame = 0;
let isFetching = false;

/** Shows the sequence after `frame` frames; only the last of many quick requests is computed. */
export async function watchFrame(frame: number): Promise<void> {
  wantedFrame = Math.max(0, Math.min(run.peek()?.frames ?? 0, frame));
  if (isFetching) return;
  isFetching = true;
  try {
    while (watched.peek()?.frame !== wantedFrame && run.peek() !== null) {
      const [of, index] = [run.peek(), sequence.peek()];
      const now = await ask("watch", { sequence: index, frame: wantedFrame });
      // Meanwhile another input may have been run, or another sequence chosen.
      if (of === run.peek() && index === sequence.peek()) watched.value = now;
    }
  } catch (error) {
    runProblem.value = explain(error);
  } finally {
    isFetching = false;
  }
}

export async function chooseSequence(index: number): Promise<void> {
  sequence.value = index;
  watched.value = null;
  await watchFrame(run.peek()?.frames ?? 0);
}

/** Plays the rest of the sequence, from the start when it is at its end. */
export async function play(): Promise<void> {
  const last = run.peek()?.frames ?? 0;
  if ((watched.peek()?.frame ?? 0) >= last) await watchFrame(0);
  isPlaying.value = true;
  while (isPlaying.peek() && (watched.peek()?.frame ?? last) < last) {
    await watchFrame((watched.peek()?.frame ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
  }
  isPlaying.value = false;
}
