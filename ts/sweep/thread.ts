/** A thread that does jobs in an instance of its own. Started by threads.ts; knows nothing of other threads. */
import { parentPort, workerData } from "node:worker_threads";
import "../host/node-files.js";
import { Evaluator } from "./evaluator.js";
import type { Job } from "./job.js";
import { type Outcome, outcomeOf } from "./outcome.js";
import { openSource, type SourceChoice } from "./sources.js";

/** Handled where it is awaited, with the first job. */
const evaluator = Evaluator.load(openSource(workerData as SourceChoice));
evaluator.catch(() => {});

parentPort?.on("message", async (job: Job) => {
  const outcome: Outcome = await outcomeOf(async () => (await evaluator).run(job));
  parentPort?.postMessage(outcome);
});
