/**
 * How much two threads do more than one, and what a queue costs, in one run of one process. Machines that do other things,
 * too, say nothing of it: it is part of the whole sweep only. Knows nothing of results.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Planner from "../../ts/sweep/plan.js";
import type * as PlanFile from "../../ts/sweep/plan-file.js";
import type * as Queueing from "../../ts/sweep/queue/planner.js";
import type * as Working from "../../ts/sweep/queue/worker.js";
import type * as Share from "../../ts/sweep/share.js";
import type * as Threads from "../../ts/sweep/threads.js";
import { root } from "../cli/support.js";

const NAME = "mambalite-speed";

/** As built: threads are started from there. */
function built<T>(name: string): Promise<T> {
  return import(pathToFileURL(join(root, "dist/sweep", name)).href);
}

export interface Speed {
  /** Jobs a second of two threads over those of one. */
  readonly twoThreads: number;
  /** Of these jobs, on one thread. */
  readonly longMs: number;
  /** Of the time of a short job. */
  readonly queueOverhead: number;
  readonly shortMs: number;
}

/**
 * With long jobs for two threads, as test sets make them: what V8 compiles beside a thread is little of them. With short
 * ones for the queue, of which it takes more.
 */
export async function speedOf(
  { long, short }: { readonly long: string; readonly short: string },
  { url, share, cache }: { readonly url: string; readonly share: string; readonly cache: string },
): Promise<Speed> {
  const [plans, files, threads, shares, planner, worker] = await Promise.all([
    built<typeof Planner>("plan.js"),
    built<typeof PlanFile>("plan-file.js"),
    built<typeof Threads>("threads.js"),
    built<typeof Share>("share.js"),
    built<typeof Queueing>("queue/planner.js"),
    built<typeof Working>("queue/worker.js"),
  ]);
  const locate = (model: string) => ({ model });
  const planned = async (file: string) => {
    const plan = await plans.planSweep(files.readSweepFile(file), { version: "speed", locate });
    return { jobs: plans.jobsOf(plan), places: plan.contents.places };
  };
  const onThreads = ({ jobs, places }: Awaited<ReturnType<typeof planned>>, count: number) =>
    perJob((settle) =>
      threads.runOnThreads(jobs, { threads: count, source: { kind: "local", places } }, settle),
    );

  const large = await planned(long);
  const [ones, twos]: [number[], number[]] = [[], []];
  for (let round = 0; round < 2; round++) {
    ones.push(await onThreads(large, 1));
    twos.push(await onThreads(large, 2));
  }

  const small = await planned(short);
  const shortMs = Math.min(await onThreads(small, 1), await onThreads(small, 1));
  shares.fillShare(share, small.places);
  const place = { url, name: NAME, say: () => {} };
  const [version, idleSeconds] = ["speed", 5];
  const working = worker.workOnQueue({ ...place, version, threads: 1, cache, idleSeconds });
  const queued = await perJob((settle) =>
    planner.runOnQueue(small.jobs, { ...place, share }, settle),
  );
  await working;
  const longMs = Math.min(...ones);
  return {
    ...{ longMs, twoThreads: longMs / Math.min(...twos) },
    ...{ shortMs, queueOverhead: queued / shortMs - 1 },
  };
}

/** From the first job's end to the last one's: without what starting takes. */
async function perJob(run: (settle: () => void) => Promise<void>): Promise<number> {
  const ends: number[] = [];
  await run(() => {
    ends.push(performance.now());
  });
  return (ends.at(-1)! - ends[0]!) / (ends.length - 1);
}
