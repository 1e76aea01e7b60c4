/**
 * Times a session on this host: whole runs, and operator by operator. Knows nothing of boards: these
 * milliseconds are the host's.
 */
import type { ModelInfo } from "../core/info.js";
import { type FrameShape, tileLength } from "../core/input.js";
import type { Session } from "../core/session.js";
import { OperatorTimer } from "./operator-times.js";
import { type Latency, summarize } from "./statistics.js";

/** How long to measure. */
export interface Effort {
  /** Whole runs: at least `minRuns`, then until `budgetMs` have passed or `maxRuns` are done. */
  readonly minRuns: number;
  readonly maxRuns: number;
  readonly budgetMs: number;
  /** Operators: until each can be told from what timing it costs, this long at most. */
  readonly operatorsMs: number;
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

/** Milliseconds that each operator takes of one undisturbed run; measured until they can be told. */
export function measureOperators(
  session: Session,
  input: Float32Array | Int32Array,
  info: FrameShape & Pick<ModelInfo, "looksAhead">,
  operators: number,
  { operatorsMs }: Effort,
): number[] {
  const feedLength = tileLength(info, session.plan.tile);
  const endsOnce = info.looksAhead;
  const timer = new OperatorTimer(session, { input, feedLength, operators, endsOnce });
  timer.measure(operatorsMs);
  return timer.milliseconds();
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
