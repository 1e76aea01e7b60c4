/**
 * How much two workers on a core each do more than one on one, and what a queue costs, in one run of one process.
 * Machines that do other things, too, say nothing of it: it is part of the whole sweep only. Knows nothing of results.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Planner from "../../ts/sweep/plan.js";
import type * as PlanFile from "../../ts/sweep/plan-file.js";
import type * as Queueing from "../../ts/sweep/queue/planner.js";
import type * as Working from "../../ts/sweep/queue/worker.js";
import type * as Share from "../../ts/sweep/share.js";
import type * as Threads from "../../ts/sweep/threads.js";
import type * as Version from "../../ts/sweep/version.js";
import { root } from "../cli/support.js";
import { Running } from "./redis.js";

const NAME = "mambalite-speed";
const ROUNDS = 3;

/** As built: threads are started from there. */
function built<T>(name: string): Promise<T> {
  return import(pathToFileURL(join(root, "dist/sweep", name)).href);
}

export interface Speed {
  /** Jobs a second of two workers over those of one. */
  readonly twoWorkers: number;
  /** Of these jobs, by one worker. */
  readonly longMs: number;
  /** Of the time of a short job. */
  readonly queueOverhead: number;
  readonly shortMs: number;
}

/**
 * With long jobs for two workers, as test sets make them, and short ones for the queue, of which it takes more. Each worker
 * has one core: else what V8 compiles and collects beside one worker would have the second core for itself.
 */
export async function speedOf(
  { long, short }: { readonly long: string; readonly short: string },
  { url, share, cache }: { readonly url: string; readonly share: string; readonly cache: string },
): Promise<Speed> {
  const [plans, files, threads, shares, planner, worker, versions] = await Promise.all([
    built<typeof Planner>("plan.js"),
    built<typeof PlanFile>("plan-file.js"),
    built<typeof Threads>("threads.js"),
    built<typeof Share>("share.js"),
    built<typeof Queueing>("queue/planner.js"),
    built<typeof Working>("queue/worker.js"),
    built<typeof Version>("version.js"),
  ]);
  const version = versions.sweepVersion();
  const locate = (model: string) => ({ model });
  const planned = async (file: string) => {
    const plan = await plans.planSweep(files.readSweepFile(file), { version, locate });
    return { jobs: plans.jobsOf(plan), places: plan.contents.places };
  };
  const onThread = ({ jobs, places }: Awaited<ReturnType<typeof planned>>) =>
    perJob((settle) =>
      threads.runOnThreads(jobs, { threads: 1, source: { kind: "local", places } }, settle),
    );

  const large = await planned(long);
  shares.fillShare(share, large.places);
  const byWorkers = async (count: number) => {
    const name = `${NAME}-${count}-${ones.length}`;
    const queue = ["worker", "--queue", url, "--name", name, "--jobs", "1"];
    const workers = Array.from(
      { length: count },
      (_, core) => new Running([...queue, "--cache", `${cache}-${core}`], core),
    );
    const place = { url, name, say: () => {} };
    const each = await perJob((settle) =>
      planner.runOnQueue(large.jobs, { ...place, share }, settle),
    );
    await Promise.all(workers.map((one) => one.kill()));
    return each;
  };
  const [ones, twos]: [number[], number[]] = [[], []];
  for (let round = 1; round < ROUNDS; round++) {
    twos.push(await byWorkers(2));
    ones.push(await byWorkers(1));
  }

  const small = await planned(short);
  shares.fillShare(share, small.places);
  const overQueue = async (round: number) => {
    const place = { url, name: `${NAME}-short-${round}`, say: () => {} };
    const working = worker.workOnQueue({ ...place, version, threads: 1, cache, idleSeconds: 5 });
    const each = await perJob((settle) =>
      planner.runOnQueue(small.jobs, { ...place, share }, settle),
    );
    await working;
    return each;
  };
  const [direct, queued]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    direct.push(await onThread(small));
    queued.push(await overQueue(round));
  }
  const shortMs = Math.min(...direct);
  const longMs = Math.min(...ones);
  return {
    ...{ longMs, twoWorkers: longMs / Math.min(...twos) },
    ...{ shortMs, queueOverhead: Math.min(...queued) / shortMs - 1 },
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
