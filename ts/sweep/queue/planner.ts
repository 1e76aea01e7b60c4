/**
 * Hands jobs to workers anywhere through a queue, and takes what they give. What is in the queue outlives a planner: the
 * next one takes the results that are there. Knows nothing of what jobs are about.
 */
import { setTimeout } from "node:timers/promises";
import type { Job as BullJob, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { isGone, ownerText, readOwner, thisProcess } from "../../host/owner.js";
import type { Job } from "../job.js";
import type { Outcome } from "../outcome.js";
import { QueueProblem } from "../problems.js";
import {
  connect,
  loadBullmq,
  type QueuedJob,
  type QueuedOutcome,
  type QueuePlace,
} from "./redis.js";

export interface PlannerOptions extends QueuePlace {
  readonly share: string;
}

type SweepQueue = Queue<QueuedJob, QueuedOutcome>;
type QueueEntry = BullJob<QueuedJob, QueuedOutcome>;

/** Of what a machine may have now and not in a while. */
const ATTEMPTS = 3;
const BACKOFF_MS = 1000;
const ADDED_AT_ONCE = 500;
const TAKEN_AT_ONCE = 100;
const POLL_MS = 200;
/** After so long without a result: whether the queue still has what it was given, and whether anybody works. */
const QUIET_MS = 10_000;

/** @throws QueueProblem, and what `settle` throws: then what is not settled stays in the queue */
export async function runOnQueue(
  jobs: readonly Job[],
  options: PlannerOptions,
  settle: (job: Job, outcome: Outcome) => void,
): Promise<void> {
  const { Queue } = await loadBullmq();
  const redis = await connect(options);
  const lock = new PlannerLock(redis, options.name);
  try {
    await lock.take();
    const queue: SweepQueue = new Queue(options.name, { connection: redis });
    try {
      await new Planner(queue, lock, jobs, options, settle).run();
    } finally {
      await queue.close();
      await lock.giveBack();
    }
  } finally {
    redis.disconnect();
  }
}

class Planner {
  readonly #left: Map<string, Job>;

  constructor(
    private readonly queue: SweepQueue,
    private readonly lock: PlannerLock,
    jobs: readonly Job[],
    private readonly options: PlannerOptions,
    private readonly settle: (job: Job, outcome: Outcome) => void,
  ) {
    this.#left = new Map(jobs.map((job) => [job.id, job]));
  }

  async run(): Promise<void> {
    // Of a planner before: its results count, what it wanted and what failed does not.
    await this.#takeCompleted();
    await this.queue.drain(true);
    await this.#takeFailed(() => {});
    await this.#add();
    let quietSince = Date.now();
    while (this.#left.size > 0) {
      const taken = await this.#take();
      if (taken > 0) {
        quietSince = Date.now();
        continue;
      }
      await setTimeout(POLL_MS);
      await this.lock.keep();
      if (Date.now() - quietSince < QUIET_MS) continue;
      quietSince = Date.now();
      await this.#lookAround();
    }
  }

  /** What a server without a log has lost is added again; what it has is not there twice. */
  async #lookAround(): Promise<void> {
    await this.#add();
    if ((await this.queue.getWorkersCount()) > 0) return;
    const { url, name, say } = this.options;
    const command = `mambalite worker --queue ${new URL(url).protocol}//${new URL(url).host}`;
    say(`no worker is at the queue ${name}: ${command}`);
  }

  async #add(): Promise<void> {
    const { share } = this.options;
    const all = [...this.#left.values()];
    for (let first = 0; first < all.length; first += ADDED_AT_ONCE) {
      const some = all.slice(first, first + ADDED_AT_ONCE).map((job) => ({
        ...{ name: job.model.name, data: { job, share } },
        opts: {
          ...{ jobId: job.id, attempts: ATTEMPTS },
          backoff: { type: "fixed", delay: BACKOFF_MS },
        },
      }));
      await this.queue.addBulk(some);
    }
  }

  /** @returns how many jobs ended */
  async #take(): Promise<number> {
    const completed = await this.#takeCompleted();
    return completed + (await this.#takeFailed((job, problem) => this.settle(job, { problem })));
  }

  async #takeCompleted(): Promise<number> {
    return this.#takeAll("completed", (job, { returnvalue }) => {
      const isWhole = returnvalue?.lines?.length === job.tasks.length;
      this.settle(job, isWhole ? returnvalue : { problem: "a worker gave no result" });
    });
  }

  async #takeFailed(use: (job: Job, problem: string) => void): Promise<number> {
    return this.#takeAll("failed", (job, { failedReason }) => use(job, failedReason));
  }

  /** What has been used goes out of the queue, after that: whatever happens, nothing is lost. */
  async #takeAll(
    state: "completed" | "failed",
    use: (job: Job, entry: QueueEntry) => void,
  ): Promise<number> {
    const entries: QueueEntry[] = await this.queue.getJobs([state], 0, TAKEN_AT_ONCE - 1, true);
    for (const entry of entries) {
      // Removed meanwhile, or of a plan that is no more.
      const job = this.#left.get(entry?.id ?? "");
      if (job !== undefined) {
        use(job, entry);
        this.#left.delete(job.id);
      }
    }
    await Promise.all(entries.map((entry) => entry?.remove()));
    if (entries.length < TAKEN_AT_ONCE) return entries.length;
    return entries.length + (await this.#takeAll(state, use));
  }
}

const LOCK_MS = 30_000;
const KEPT_EVERY_MS = 10_000;

/** One planner a queue: another one would take its results. */
class PlannerLock {
  readonly #key: string;
  readonly #value = JSON.stringify(thisProcess());
  #keptAt = 0;

  constructor(
    private readonly redis: Redis,
    private readonly name: string,
  ) {
    this.#key = `mambalite:${name}:planner`;
  }

  /** @throws QueueProblem */
  async take(): Promise<void> {
    const given = await this.redis.set(this.#key, this.#value, "PX", LOCK_MS, "NX");
    if (given === null) {
      const holder = await this.redis.get(this.#key);
      const owner = readOwner(holder ?? "");
      if (owner === undefined ? holder !== null : !isGone(owner)) {
        throw new QueueProblem(
          `${ownerText(owner)} plans on the queue ${this.name}; another --name is another queue`,
        );
      }
      await this.redis.set(this.#key, this.#value, "PX", LOCK_MS);
    }
    this.#keptAt = Date.now();
  }

  /** @throws QueueProblem when somebody has taken it while the server was away */
  async keep(): Promise<void> {
    if (Date.now() - this.#keptAt < KEPT_EVERY_MS) return;
    const holder = await this.redis.get(this.#key);
    if (holder === this.#value) await this.redis.pexpire(this.#key, LOCK_MS);
    else await this.take();
    this.#keptAt = Date.now();
  }

  async giveBack(): Promise<void> {
    if ((await this.redis.get(this.#key)) === this.#value) await this.redis.del(this.#key);
  }
}
