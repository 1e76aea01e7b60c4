/** Threads of this machine that do jobs, each with an instance of the core of its own. Knows nothing of what jobs are about. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Job } from "./job.js";
import type { Outcome } from "./outcome.js";
import type { SourceChoice } from "./sources.js";

/** One job after the other; started with the first, and again where it has died. */
export class JobThread {
  #worker: Worker | undefined;

  constructor(private readonly source: SourceChoice) {}

  async run(job: Job): Promise<Outcome> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    worker.postMessage(job);
    try {
      const [outcome] = await once(worker, "message"); // rejects when the thread dies
      return outcome as Outcome;
    } catch (error) {
      this.#worker = undefined;
      return {
        problem: `the thread died: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  /** What a decoder prints is no business of a person's: what it means becomes an error. */
  #start(): Worker {
    return new Worker(new URL("./thread.js", import.meta.url), {
      ...{ workerData: this.source, stdout: true, stderr: true },
    });
  }
}

/**
 * All jobs, in order, over so many threads.
 * @throws what `settle` throws, after which no more are begun
 */
export async function runOnThreads(
  jobs: readonly Job[],
  { threads, source }: { readonly threads: number; readonly source: SourceChoice },
  settle: (job: Job, outcome: Outcome) => void,
): Promise<void> {
  const all = Array.from({ length: Math.min(threads, jobs.length) }, () => new JobThread(source));
  let next = 0;
  let isStopped = false;
  const work = async (thread: JobThread) => {
    while (next < jobs.length && !isStopped) {
      const job = jobs[next++]!;
      const outcome = await thread.run(job);
      if (!isStopped) settle(job, outcome);
    }
  };
  try {
    await Promise.all(
      all.map((thread) =>
        work(thread).catch((error) => {
          isStopped = true;
          throw error;
        }),
      ),
    );
  } finally {
    await Promise.all(all.map((thread) => thread.stop()));
  }
}
