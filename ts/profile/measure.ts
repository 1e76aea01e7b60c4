/**
 * Times a session on this host: whole runs, and operator by operator. Knows nothing of boards: these
 * milliseconds are the host's.
 */
import { type FrameShape, tileLength } from "../core/input.js";
import type { Session } from "../core/session.js";
import { type Latency, summarize } from "./statistics.js";

/** How long to measure: at least `minRuns`, then until `budgetMs` has passed or `maxRuns` are done. */
export interface Effort {
  readonly minRuns: number;
  readonly maxRuns: number;
  readonly budgetMs: number;
}

/** Times `session.run(input)`, input and logits copied, after one untimed run. */
export function measureLatency(
  session: Session,
  input: Float32Array | Int32Array,
  effort: Effort,
): Latency {
  const run = () => session.run(input, { allowNonfinite: true });
  run();
  return summarize(
    repeat(effort, () => {
      const start = performance.now();
      run();
      return performance.now() - start;
    }),
  );
}

/**
 * Milliseconds each operator takes for the whole input: the least of several passes that step through
 * it operator by operator, less what stepping itself costs. That is the same for every step, and is
 * what makes the operators together take longer than the fastest whole run, of `wholeRunMs`. A clock
 * that is coarser than a step, as browsers' are, is right on average, because its ticks fall anywhere:
 * then it is the mean of the quicker half of the passes, since the least is 0.
 */
export function measureOperators(
  session: Session,
  input: Float32Array | Int32Array,
  shape: FrameShape,
  operators: number,
  wholeRunMs: number,
  effort: Effort,
): number[] {
  const feedLength = tileLength(shape, session.plan.tile);
  const newPass = (): Pass => ({
    ms: new Float64Array(operators),
    steps: new Float64Array(operators),
  });
  const { steps } = stepThrough(session, input, feedLength, newPass());
  const passes: Pass[] = [];
  repeat(effort, () => {
    const start = performance.now();
    passes.push(stepThrough(session, input, feedLength, newPass()));
    return performance.now() - start;
  });
  session.reset();
  const isCoarse = clockTickMs() > FINE_TICK_MS;
  const used = isCoarse ? quickerHalf(passes) : passes;
  const typical = isCoarse ? mean : least;
  const passMs = Array.from(steps, (_, i) => typical(used.map((pass) => pass.ms[i] ?? 0)));
  const overheadMs = Math.max(0, sum(passMs) - wholeRunMs) / sum([...steps]);
  return passMs.map((ms, i) => Math.max(0, ms - overheadMs * (steps[i] ?? 0)));
}

/** Index for index with the operators. */
interface Pass {
  readonly ms: Float64Array;
  readonly steps: Float64Array;
}

function repeat(effort: Effort, runOnceMs: () => number): number[] {
  const samples: number[] = [];
  let spentMs = 0;
  while (
    samples.length < effort.minRuns ||
    (spentMs < effort.budgetMs && samples.length < effort.maxRuns)
  ) {
    const ms = runOnceMs();
    samples.push(ms);
    spentMs += ms;
  }
  return samples;
}

function stepThrough(
  session: Session,
  input: Float32Array | Int32Array,
  feedLength: number,
  pass: Pass,
): Pass {
  session.reset();
  for (let at = 0; at < input.length; at += feedLength) {
    session.feed(input.subarray(at, at + feedLength), { allowNonfinite: true });
    addSteps(session, pass);
  }
  session.feedEnd();
  addSteps(session, pass);
  return pass;
}

function addSteps(session: Session, { ms, steps }: Pass): void {
  for (;;) {
    const start = performance.now();
    const step = session.step();
    const elapsedMs = performance.now() - start;
    if (step === undefined) return;
    ms[step.operatorIndex] = (ms[step.operatorIndex] ?? 0) + elapsedMs;
    steps[step.operatorIndex] = (steps[step.operatorIndex] ?? 0) + 1;
  }
}

/** A clock with finer ticks sees every step. */
const FINE_TICK_MS = 0.002;

/** The least step that the clock makes in a few tries. */
function clockTickMs(): number {
  const TRIES = 5;
  let leastMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    leastMs = Math.min(leastMs, now - start);
  }
  return leastMs;
}

/** Without the passes that something else interrupted. */
function quickerHalf(passes: readonly Pass[]): Pass[] {
  const totals = passes.map((pass) => ({ pass, ms: sum([...pass.ms]) }));
  totals.sort((a, b) => a.ms - b.ms);
  return totals.slice(0, Math.ceil(totals.length / 2)).map(({ pass }) => pass);
}

function least(values: readonly number[]): number {
  return Math.min(...values);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
