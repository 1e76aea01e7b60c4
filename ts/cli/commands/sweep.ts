/** `mambalite sweep`: which of many models, in which form, on which board; and `sweep merge`, of parts of one. */
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { BadArgument } from "../../core/errors.js";
import { toJson } from "../../json.js";
import type { Job } from "../../sweep/job.js";
import { mergedStores } from "../../sweep/merge.js";
import type { Outcome } from "../../sweep/outcome.js";
import { jobsOf, planSweep, type Shard, type SweepPlan, withoutDone } from "../../sweep/plan.js";
import { readSweepFile } from "../../sweep/plan-file.js";
import { SweepIncomplete } from "../../sweep/problems.js";
import { fillShare } from "../../sweep/share.js";
import { lineOf, readStore, resultOf, Store } from "../../sweep/store.js";
import { nameOf, type Summary, summaryOf } from "../../sweep/summary.js";
import { runOnThreads } from "../../sweep/threads.js";
import { sweepVersion } from "../../sweep/version.js";
import { locateModel } from "../bundled.js";
import { FailedWithReport } from "../failure.js";
import { requireWritable, writeAtomically } from "../files.js";
import { startProgress } from "../progress.js";
import { renderPlan, renderSweep, type SweepText } from "../render/sweep.js";
import { say } from "../say.js";
import { counted } from "../text.js";

export interface SweepOptions {
  readonly output?: string;
  /** Of the page; false: none. */
  readonly report?: string | false;
  readonly shard?: Shard;
  readonly jobs?: number;
  /** Of Redis or Valkey: workers elsewhere do the jobs. */
  readonly queue?: string;
  readonly name: string;
  /** Where workers find models and data. */
  readonly share?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export async function sweepCommand(path: string, options: SweepOptions): Promise<string> {
  checkEngine(options);
  const plan = await planSweep(readSweepFile(path), {
    version: sweepVersion(),
    locate: (name) => locateModel(name, true),
  });
  const output = outputOf(plan, options);
  const jobs = jobsOf(plan, options.shard);
  if (options.dryRun) {
    const { lines } = readStore(output);
    return renderPlan(plan, { jobs, left: withoutDone(jobs, (key) => lines.has(key)), output });
  }
  requireWritable(output, [path]);
  if (options.shard === undefined) requirePageWritable(path, output, options);
  const problems = await runAll(plan, jobs, output, options);
  const text =
    options.shard === undefined
      ? await report(plan, output, options)
      : partText(jobs, output, options);
  if (problems.length === 0) return text;
  const left = problems.reduce((sum, { job }) => sum + job.tasks.length, 0);
  const [first] = problems;
  const reason = `${counted(left, "task")} without a result: ${first?.problem}`;
  throw new FailedWithReport(new SweepIncomplete(reason), options.json ? JSON.parse(text) : text);
}

export async function sweepMergeCommand(
  parts: readonly string[],
  { output, json }: { readonly output: string; readonly json?: boolean },
): Promise<string> {
  requireWritable(output, parts);
  const { text, tasks } = mergedStores(parts);
  await writeAtomically(output, new TextEncoder().encode(text), parts);
  return json ? toJson({ output, tasks }) : `${output}: ${counted(tasks, "result")}\n`;
}

const RESULTS = "results";
const ENDING = ".jsonl";

function outputOf({ file }: SweepPlan, { output, shard }: SweepOptions): string {
  const part = shard === undefined ? "" : `.${shard.index}-of-${shard.count}`;
  return output ?? join(file.folder, `${RESULTS}${part}${ENDING}`);
}

interface Problem {
  readonly job: Job;
  readonly problem: string;
}

/** @returns jobs that came to nothing, and may not another time */
async function runAll(
  plan: SweepPlan,
  jobs: readonly Job[],
  output: string,
  options: SweepOptions,
): Promise<Problem[]> {
  const store = Store.open(output);
  try {
    const left = withoutDone(jobs, (key) => store.has(key));
    const progress = startProgress(count(left), "tasks");
    const problems: Problem[] = [];
    let settled = 0;
    const settle = (job: Job, outcome: Outcome) => {
      if ("lines" in outcome) store.append(outcome.lines);
      else problems.push({ job, problem: outcome.problem });
      settled += job.tasks.length;
      progress.done(settled);
    };
    try {
      await runJobs(plan, left, options, settle);
    } finally {
      progress.stop();
    }
    return problems;
  } finally {
    store.close();
  }
}

async function runJobs(
  { contents: { places } }: SweepPlan,
  jobs: readonly Job[],
  { queue, name, share, jobs: threads = availableParallelism() }: SweepOptions,
  settle: (job: Job, outcome: Outcome) => void,
): Promise<void> {
  if (queue === undefined || share === undefined) {
    return runOnThreads(jobs, { threads, source: { kind: "local", places } }, settle);
  }
  const { runOnQueue } = await import("../../sweep/queue/planner.js");
  fillShare(share, places);
  return runOnQueue(jobs, { url: queue, name, say, share: resolve(share) }, settle);
}

/** @throws BadArgument */
function checkEngine({ queue, share, jobs, shard }: SweepOptions): void {
  if (queue === undefined) {
    if (share !== undefined) throw new BadArgument("--share", "--queue with it", "none");
    return;
  }
  if (share === undefined) {
    throw new BadArgument("--queue", "--share with it: where workers find models and data", "none");
  }
  if (jobs !== undefined)
    throw new BadArgument("--jobs", "none with --queue: workers have it", `${jobs}`);
  if (shard !== undefined)
    throw new BadArgument("--shard", "none with --queue", `${shard.index}/${shard.count}`);
}

function count(jobs: readonly Job[]): number {
  return jobs.reduce((sum, { tasks }) => sum + tasks.length, 0);
}

async function report(plan: SweepPlan, output: string, options: SweepOptions): Promise<string> {
  const stored = readStore(output);
  const summary = summaryOf(plan, (key) => resultOf(stored, key));
  const { notes } = plan;
  const page = await writePage(plan, summary, output, options);
  const shown: SweepText = { path: plan.file.path, notes, output, summary, ...(page && { page }) };
  return options.json ? toJson(toReport(shown)) : renderSweep(shown);
}

/** Before hours of work rather than after them. @throws FileProblem */
function requirePageWritable(
  plan: string,
  output: string,
  { report: path = pageOf(output) }: SweepOptions,
): void {
  if (path !== false) requireWritable(path, [plan, output]);
}

/** @returns where it is */
async function writePage(
  plan: SweepPlan,
  summary: Summary,
  output: string,
  { report: path = pageOf(output) }: SweepOptions,
): Promise<string | undefined> {
  if (path === false) return undefined;
  const { sweepPage } = await import("../../sweep/page/html.js");
  const html = sweepPage(`Sweep of ${plan.file.path}`, plan.notes, summary);
  await writeAtomically(path, new TextEncoder().encode(html), [plan.file.path, output]);
  return path;
}

function pageOf(output: string): string {
  return `${output.endsWith(ENDING) ? output.slice(0, -ENDING.length) : output}.html`;
}

function partText(jobs: readonly Job[], output: string, { shard, json }: SweepOptions): string {
  const stored = readStore(output);
  const done = jobs.flatMap(({ tasks }) => tasks).filter(({ key }) => lineOf(stored, key)).length;
  const tasks = count(jobs);
  if (json) return toJson({ output, shard, tasks, done });
  const { index, count: parts } = shard!;
  return `${output}: ${done} of ${counted(tasks, "task")}, part ${index} of ${parts} (mambalite sweep merge)\n`;
}

function toReport({ output, page, notes, summary }: SweepText) {
  const { tasks, done, failures, boards } = summary;
  return {
    ...{ output, page, tasks, done, notes, failures },
    boards: boards.map(({ best, front, within, ...board }) => ({
      ...{ ...board, withinLimits: within.length },
      best: best && named(best),
      front: front.map(named),
    })),
  };
}

function named(candidate: Summary["candidates"][number]) {
  return { name: nameOf(candidate), ...candidate };
}
