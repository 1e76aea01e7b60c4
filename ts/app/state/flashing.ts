/**
 * The open model on a board: which board, the file that was made for it, or the problem. Knows nothing of how it is
 * shown.
 */
import { batch, computed, effect, signal } from "@preact/signals";
import { RUNNER_BOARDS, type RunnerBoard } from "../../runner/images.js";
import type { FlashAnswer, RunnerOffer } from "../worker/protocol.js";
import { boards, bundledName, fold } from "./choice.js";
import { ask, choice, exact, explain, model, offered, work } from "./simulator.js";

/** What the panel's controls need, once they are asked for. */
export const runners = signal<readonly RunnerOffer[]>([]);
const chosenBoard = signal<RunnerBoard | null>(null);
export const flashed = signal<FlashAnswer | null>(null);
export const flashProblem = signal<string | null>(null);

/** What was asked for; else the first board that is looked at and has a runner. */
export const runner = computed<RunnerOffer | undefined>(() => {
  const wanted = chosenBoard.value;
  if (wanted !== null) return runners.value.find(({ board }) => board === wanted);
  const looked = runners.value.find(({ catalogue }) => boards.value.includes(catalogue));
  return looked ?? runners.value[0];
});

// Another model, or the same otherwise, is another file.
effect(() => {
  exact.value;
  forget();
});

function forget(): void {
  batch(() => {
    flashed.value = null;
    flashProblem.value = null;
  });
}

export async function loadRunners(): Promise<void> {
  if (runners.peek().length > 0) return;
  try {
    runners.value = await ask("runners", null);
  } catch (error) {
    flashProblem.value = explain(error);
  }
}

export function chooseRunner(name: string): void {
  chosenBoard.value = RUNNER_BOARDS.find((board) => board === name) ?? null;
  forget();
}

export const fileName = computed(() =>
  runner.value === undefined ? "" : `${baseName()}-${runner.value.board}.${runner.value.format}`,
);

function baseName(): string {
  return (model.value?.name ?? "model").replace(/\.[a-z]+$/i, "");
}

/** What makes the same bytes in a terminal; the files beside a checkpoint are left out. */
export const command = computed(() => {
  const name = bundledName.value ?? model.value?.name ?? "MODEL";
  const { schedule, tile, budget } = choice.value;
  const isTiled = schedule === "stream" && budget === 0;
  return [
    ...["npx mambalite flash", name, `--board ${runner.value?.board}`],
    `--schedule ${schedule}`,
    ...(isTiled ? [`--tile ${tile}`] : []),
    ...(budget > 0 ? [`--budget ${budget}`] : []),
    ...(fold.value && model.value?.isFolded ? ["--fold"] : []),
    `-o ${fileName.value}`,
  ].join(" ");
});

/** @returns the file, or null where there is a problem */
export async function makeFile(): Promise<FlashAnswer | null> {
  forget();
  const board = runner.peek()?.board;
  if (board === undefined) return null;
  const example = offered.peek()?.examples[0]?.url.href ?? null;
  try {
    const input = { choice: choice.peek(), board, example };
    flashed.value = await work("flash", input, `making ${fileName.peek()}`);
  } catch (error) {
    flashProblem.value = explain(error);
  }
  return flashed.peek();
}
