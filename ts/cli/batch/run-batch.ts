/**
 * Runs a batch over threads, each with its own instance of the core: the same outputs in the same
 * order, and the same error, for any number of them. Knows nothing of what the inputs are.
 */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Model } from "../../core/model.js";
import type { Outputs } from "../../core/outputs.js";
import { type Progress, startProgress } from "../progress.js";
import { type Batch, type Items, runItem } from "./batch.js";
import {
  type Done,
  type Failed,
  type Outcome,
  type Stretch,
  ThreadFailed,
  toError,
} from "./messages.js";

export interface BatchOptions {
  /** Threads. Default: as many as there are cores, but few for few inputs. */
  readonly jobs?: number | undefined;
  /** What the inputs are called, for the progress bar. */
  readonly noun: string;
}

/** A thread takes as long to start as these few inputs to run. */
const ITEMS_A_THREAD = 32;
const MAX_STRETCH = 16;
const STRETCHES_A_THREAD = 8;

/**
 * The outputs of every item, in order, and how many values of integers were cut off. `model` is the batch's.
 * @throws what the first item that fails throws; ThreadFailed
 */
export async function runBatch(
  model: Model,
  batch: Batch,
  { jobs, noun }: BatchOptions,
): Promise<Done> {
  const { count } = batch.items;
  const wanted = jobs ?? Math.min(availableParallelism(), Math.floor(count / ITEMS_A_THREAD));
  const threads = Math.max(1, Math.min(wanted, count));
  const progress = startProgress(count, noun);
  try {
    return threads === 1
      ? await runHere(model, batch, progress)
      : await runOver(threads, { ...batch, items: shared(batch.items) }, progress);
  } finally {
    progress.stop();
  }
}

async function runHere(model: Model, batch: Batch, progress: Progress): Promise<Done> {
  const session = model.createSession(batch.session);
  let saturations = 0;
  try {
    const results: Outputs[] = [];
    while (results.length < batch.items.count) {
      results.push(await runItem(session, batch, results.length));
      saturations += session.saturations;
      progress.done(results.length);
    }
    return { results, saturations };
  } finally {
    session.dispose();
  }
}

/**
 * Stretches are handed out in order. After a failure no more are, but those that were are waited for:
 * every item before the failed one is in one of them, so the first failure of all is known.
 */
async function runOver(threads: number, batch: Batch, progress: Progress): Promise<Done> {
  const { count } = batch.items;
  const length = Math.max(
    1,
    Math.min(MAX_STRETCH, Math.ceil(count / threads / STRETCHES_A_THREAD)),
  );
  const results: Outputs[] = new Array(count);
  const workers: Worker[] = [];
  let next = 0;
  let done = 0;
  let saturations = 0;
  const failures: Failed[] = [];

  const work = async (worker: Worker): Promise<void> => {
    while (next < count && failures.length === 0) {
      const first = next;
      next = Math.min(first + length, count);
      const outcome = await ask(worker, { first, end: next });
      if ("failure" in outcome) {
        failures.push(outcome);
        return;
      }
      for (const [i, outputs] of outcome.results.entries()) results[first + i] = outputs;
      done += outcome.results.length;
      saturations += outcome.saturations;
      progress.done(done);
    }
  };

  try {
    for (let i = 0; i < threads; i++) workers.push(startThread(batch));
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  const [earliest] = failures.sort((a, b) => a.index - b.index);
  if (earliest !== undefined) throw toError(earliest.failure);
  return { results, saturations };
}

/** What a decoder prints is no business of a person's: what it means becomes an error. */
function startThread(batch: Batch): Worker {
  return new Worker(new URL("./thread.js", import.meta.url), {
    workerData: batch,
    stdout: true,
    stderr: true,
  });
}

async function ask(worker: Worker, stretch: Stretch): Promise<Outcome> {
  worker.postMessage(stretch);
  try {
    const [outcome] = await once(worker, "message"); // rejects when the thread dies
    return outcome as Outcome;
  } catch (error) {
    throw new ThreadFailed(error instanceof Error ? error.message : String(error));
  }
}

/** Sequences in memory that all threads see, instead of a copy each. */
function shared(items: Items): Items {
  if (items.kind === "clips") return items;
  const { data } = items;
  const memory = new SharedArrayBuffer(data.byteLength);
  const copy = data instanceof Float32Array ? new Float32Array(memory) : new Int32Array(memory);
  copy.set(data);
  return { ...items, data: copy };
}
