/**
 * The page's state: which model is open, its figures, what is under way and what went wrong; and the
 * actions that change it. Everything is computed in the worker. Knows nothing of how it is shown.
 */
import { batch, computed, effect, signal } from "@preact/signals";
import { type Dropped, sortModel } from "../../open/dropped.js";
import { defaultFrames, summarize } from "../../profile/index.js";
import { offeredModel } from "../models.js";
import { sourceOf } from "../source.js";
import { CANCELLED, SimulatorClient, SimulatorProblem } from "../worker/client.js";
import type {
  CallName,
  Calls,
  Choice,
  DraftAnswer,
  ExactFigures,
  MeasuredFigures,
  NamedFile,
  OpenedModel,
  Sample,
  Source,
  Times,
} from "../worker/protocol.js";
import { budget, bundledName, fold, frames, isQuick, schedule, tile } from "./choice.js";
import { afterFrames } from "./staged.js";
import { underWay } from "./works.js";

export { busy } from "./works.js";

const client = new SimulatorClient();

export const model = signal<OpenedModel | null>(null);
export const exact = signal<ExactFigures | null>(null);
/** Of what `exact` is for. */
export const times = signal<Times | null>(null);
export const measured = signal<MeasuredFigures | null>(null);
/** One line; null when nothing is wrong. */
export const problem = signal<string | null>(null);
/** The checkpoint that could not be opened for its names, with what it probably is. */
export const draft = signal<{ readonly source: Source; readonly answer: DraftAnswer } | null>(null);
/** Changes with every model that is opened: what belongs to the one before is out of date. */
export const generation = signal(0);

let source: Source | null = null;
let isCurrent = true;
let isRefreshing = false;

/** The offer that the open model is, if it is one. */
export const offered = computed(() => {
  if (model.value === null || bundledName.value === null) return undefined;
  return offeredModel(bundledName.value);
});

export const choice = computed<Choice>(() => ({
  schedule: schedule.value,
  tile: tile.value,
  frames: frames.value > 0 ? frames.value : usualFrames(),
  budget: budget.value,
}));

/** As on the command line. */
function usualFrames(): number {
  return model.value === null ? 1 : defaultFrames(model.value.info);
}

/** A call of the worker whose progress is shown. @throws SimulatorProblem */
export function work<Name extends CallName>(
  name: Name,
  input: Calls[Name]["input"],
  what: string,
): Promise<Calls[Name]["output"]> {
  return underWay(name, what, (report) => client.call(name, input, report));
}

/** A call that is quick, or shows its own progress. */
export function ask<Name extends CallName>(
  name: Name,
  input: Calls[Name]["input"],
  transfer: Transferable[] = [],
): Promise<Calls[Name]["output"]> {
  return client.call(name, input, undefined, transfer);
}

/** What to tell a person; null for what the person asked for. */
export function explain(error: unknown): string | null {
  if (error instanceof SimulatorProblem && error.code === CANCELLED) return null;
  return error instanceof Error ? error.message : String(error);
}

export async function openBundled(name: string): Promise<void> {
  const offer = offeredModel(name);
  if (offer === undefined) {
    problem.value = `there is no bundled model ${JSON.stringify(name)}`;
    bundledName.value = null;
    return;
  }
  await open(sourceOf(offer), name);
}

/** A blob that was made of the open model takes its place. */
export async function openMade(name: string, blob: Uint8Array<ArrayBuffer>): Promise<void> {
  await open({ name, from: new File([blob], name) }, null);
}

/** From a file chooser: a model, and the .json files that go with it. */
export async function openFiles(files: readonly File[]): Promise<void> {
  await openDropped(sortModel(files.map((file) => ({ path: file.name, file }))));
}

/** A checkpoint or blob, and what goes with it. */
export async function openDropped(dropped: Dropped<NamedFile>): Promise<void> {
  if (dropped.kind !== "model") {
    problem.value = "expected a .pth, .pt, .safetensors or .mlm file";
    return;
  }
  const { file } = dropped.model;
  const companions = dropped.companions.map((companion) => companion.file);
  await open({ name: file.name, from: file, companions }, null);
}

/** The drafted checkpoint, with the arch file as it was edited. */
export async function openDrafted(text: string): Promise<void> {
  const drafted = draft.peek();
  if (drafted === null) return;
  const arch = new File([text], "arch.json", { type: "application/json" });
  const companions = [...(drafted.source.companions ?? []), arch];
  await open({ ...drafted.source, companions }, null, true);
}

/** The open model again, folded or as it was read; the choice stays as it is where that fails. */
export async function foldModel(isFolded: boolean): Promise<void> {
  if (source === null) return;
  fold.value = isFolded;
  await open(source, bundledName.peek());
  fold.value = model.peek()?.isFolded ?? isFolded;
}

/** @param isDrafted the draft stays on the page until it opens */
async function open(next: Source, bundled: string | null, isDrafted = false): Promise<void> {
  problem.value = null;
  if (!isDrafted) draft.value = null;
  try {
    const opened = await work("open", { source: next, fold: fold.peek() }, `reading ${next.name}`);
    source = next;
    batch(() => {
      model.value = opened;
      bundledName.value = bundled;
      exact.value = null;
      times.value = null;
      measured.value = null;
      draft.value = null;
      generation.value++;
    });
  } catch (error) {
    const answer = error instanceof SimulatorProblem ? error.draft : undefined;
    if (answer !== undefined) draft.value = { source: next, answer };
    const reason = explain(error);
    problem.value = reason === null ? null : `${next.name}: ${reason}`;
  }
}

/** Stops what is under way; what was shown before stays, with its model. */
export async function cancel(): Promise<void> {
  client.cancel();
  if (!isSame(measured.value?.choice, exact.value?.choice)) measured.value = null;
  await reopen();
}

function isSame(a: Choice | undefined, b: Choice | undefined): boolean {
  const keys = ["schedule", "tile", "frames", "budget"] as const;
  return keys.every((key) => a?.[key] === b?.[key]);
}

/** The worker is a fresh one: it gets the model again that the page shows. */
async function reopen(): Promise<void> {
  if (source === null) return;
  try {
    await client.call("open", { source, fold: fold.peek() });
    generation.value++;
  } catch (error) {
    problem.value = explain(error);
  }
}

/** Keeps the figures those of model and choice from now on. */
export function followFigures(): void {
  effect(() => {
    if (model.value === null || choice.value === null) return;
    isCurrent = false;
    void refresh();
  });
}

/** After a cancelled measurement. */
export function measureAgain(): void {
  isCurrent = false;
  void refresh();
}

/** One at a time; a choice that changes meanwhile is taken up afterwards. */
async function refresh(): Promise<void> {
  if (isRefreshing) return;
  isRefreshing = true;
  try {
    while (!isCurrent) {
      isCurrent = true;
      await computeFigures(choice.peek());
    }
  } catch (error) {
    problem.value = explain(error);
  } finally {
    isRefreshing = false;
  }
}

async function computeFigures(wanted: Choice): Promise<void> {
  problem.value = null;
  const planned = await ask("plan", wanted);
  const estimated = await ask("times", wanted);
  batch(() => {
    exact.value = planned;
    times.value = estimated; // together, so that nothing jumps
  });
  await afterFrames(DRAWN_FRAMES);
  if (!isCurrent) return;
  const figures = await work("profile", { choice: wanted, isQuick }, "measuring");
  if (!isCurrent) return;
  measured.value = figures;
  await afterFrames(DRAWN_FRAMES);
  if (!isQuick) void measureMore(REFINE_MS, () => false);
}

/** A browser's clock is coarse: what is shown at once becomes steadier for a moment. */
const REFINE_MS = 1000;
const PIECE_MS = 200;
/** Measuring and drawing would disturb each other. */
const DRAWN_FRAMES = 4;

/** Goes on measuring the same, until it is stopped or something else is shown. */
export async function measureMore(totalMs: number, isStopped: () => boolean): Promise<void> {
  try {
    for (let spent = 0; spent < totalMs && !isStopped(); spent += PIECE_MS) {
      const before = measured.peek();
      if (before === null || !isCurrent) return;
      const more = await ask("sample", { budgetMs: PIECE_MS });
      const now = measured.peek();
      if (more === null || now?.choice !== before.choice) return;
      measured.value = withPiece(now, more);
    }
  } catch (error) {
    if (explain(error) !== null) throw error;
  }
}

/** The operators' timer adds up: what it says last has seen most. */
function withPiece(figures: MeasuredFigures, { samplesMs, operatorMs }: Sample): MeasuredFigures {
  const totalMs = operatorMs.reduce((sum, ms) => sum + ms, 0);
  const operators = figures.report.operators.map((operator, i) => {
    const hostMs = operatorMs[i] ?? 0;
    return { ...operator, hostMs, hostShare: totalMs > 0 ? hostMs / totalMs : 0 };
  });
  return {
    ...figures,
    samplesMs: [...figures.samplesMs, ...samplesMs],
    report: { ...figures.report, operators },
  };
}

/** All operators together take about as long as the quickest run. */
const MOST_OF_A_RUN = 1.5;

/** Whether the operators' times on this host are more than noise: other work disturbs them more than whole runs. */
export const areOperatorsTold = computed(() => {
  const figures = measured.value;
  if (figures === null) return false;
  const totalMs = figures.report.operators.reduce((sum, { hostMs }) => sum + hostMs, 0);
  return totalMs <= MOST_OF_A_RUN * summarize(figures.samplesMs).minMs;
});
