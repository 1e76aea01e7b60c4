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
  readonly jobMs: number;
  /** Jobs a second of two threads over those of one. */
  readonly twoThreads: number;
  /** Of the time of a job. */
  readonly queueOverhead: number;
}

export async function speedOf(
  file: string,
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
  const plan = await plans.planSweep(files.readSweepFile(file), { version: "speed", locate });
  const jobs = plans.jobsOf(plan);
  const { places } = plan.contents;

  const onThreads = (count: number) =>
    perJob((settle) =>
      threads.runOnThreads(jobs, { threads: count, source: { kind: "local", places } }, settle),
    );
  const ones: number[] = [];
  const twos: number[] = [];
  for (let round = 0; round < 2; round++) {
    ones.push(await onThreads(1));
    twos.push(await onThreads(2));
  }

  shares.fillShare(share, places);
  const place = { url, name: NAME, say: () => {} };
  const working = worker.workOnQueue({
    ...place,
    version: "speed",
    threads: 1,
    cache,
    idleSeconds: 5,
  });
  const queued = await perJob((settle) => planner.runOnQueue(jobs, { ...place, share }, settle));
  await working;
  const one = Math.min(...ones);
  return {
    jobMs: one,
    twoThreads: one / Math.min(...twos),
    queueOverhead: queued / one - 1,
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
