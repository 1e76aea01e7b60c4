/**
 * Takes jobs from a queue and does them on threads of this machine, until it is told to stop, is of another version than
 * the sweep, or has had nothing to do for long. It may be killed at any time. Knows nothing of what jobs are about.
 */
import { setTimeout } from "node:timers/promises";
import type { Job as BullJob } from "bullmq";
import { QueueProblem } from "../problems.js";
import { JobThread } from "../threads.js";
import {
  connect,
  loadBullmq,
  type QueuedJob,
  type QueuedOutcome,
  type QueuePlace,
} from "./redis.js";

export interface WorkerOptions extends QueuePlace {
  readonly version: string;
  readonly threads: number;
  /** A folder or an HTTP address of models and data; default: where the planner has put them. */
  readonly from?: string;
  readonly cache: string;
  /** Jobs a second, of all workers of the queue. */
  readonly rate?: number;
  /** Ends after so long without a job. */
  readonly idleSeconds?: number;
}

/** A job whose worker has said nothing for so long is another worker's. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 5_000;
/** A job that takes its worker down with it ends some day. */
const MOST_STALLED = 30;
const OTHERS_TURN_MS = 1000;
const SECOND_MS = 1000;
const POLL_MS = 200;

/** @returns how many jobs were done @throws QueueProblem */
export async function workOnQueue(options: WorkerOptions): Promise<number> {
  const { Worker, DelayedError } = await loadBullmq();
  const { name, version, threads, rate, idleSeconds = Number.POSITIVE_INFINITY } = options;
  const redis = await connect(options);
  const crew = new Crew(options);
  let done = 0;
  let lastAt = Date.now();
  let problem: QueueProblem | undefined;

  const process = async (entry: BullJob<QueuedJob, QueuedOutcome>, token?: string) => {
    const { job, share } = entry.data;
    if (job.version !== version) {
      problem = new QueueProblem(
        `this worker is of version ${version}, the sweep of ${job.version}: install that one`,
      );
      await entry.moveToDelayed(Date.now() + OTHERS_TURN_MS, token);
      throw new DelayedError();
    }
    const outcome = await crew.run(job, share);
    lastAt = Date.now();
    if ("problem" in outcome) throw new Error(outcome.problem);
    done++;
    return outcome;
  };

  const worker = new Worker<QueuedJob, QueuedOutcome>(name, process, {
    ...{ connection: redis, concurrency: threads },
    ...{ lockDuration: LOCK_MS, stalledInterval: STALLED_CHECK_MS, maxStalledCount: MOST_STALLED },
    ...(rate !== undefined && { limiter: { max: rate, duration: SECOND_MS } }),
  });
  // The connection has said it.
  worker.on("error", () => {});
  try {
    while (problem === undefined && Date.now() - lastAt < idleSeconds * SECOND_MS) {
      await setTimeout(POLL_MS);
      if (crew.isBusy) lastAt = Date.now();
    }
    if (problem !== undefined) throw problem;
    return done;
  } finally {
    await worker.close();
    await crew.stop();
    redis.disconnect();
  }
}

/** As many threads as there are jobs at once. */
class Crew {
  readonly #free: JobThread[] = [];
  #busy = 0;

  constructor(private readonly options: WorkerOptions) {}

  get isBusy(): boolean {
    return this.#busy > 0;
  }

  async run(job: QueuedJob["job"], share: string) {
    const { from = share, cache } = this.options;
    const thread = this.#free.pop() ?? new JobThread({ kind: "shared", from, cache });
    this.#busy++;
    try {
      return await thread.run(job);
    } finally {
      this.#busy--;
      this.#free.push(thread);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#free.map((thread) => thread.stop()));
  }
}
