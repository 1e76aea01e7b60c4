/**
 * How long each operator of a session takes on this host, however short it is beside the clock's ticks
 * and the cost of reading it. Knows nothing of what operators do.
 *
 * A pass steps through the whole input and reads the clock between steps; what comes after the last
 * frame is stepped through about as often as frames where ending a sequence does not change it. The
 * time of an operator adds up over passes until a block of it is so many ticks long that where they
 * fall no longer matters. An undisturbed step takes what the quicker blocks show: their lower quartile.
 * A step from outside costs more than inside a run, by the clock and the call, for all operators alike:
 * it is what a stepped run takes longer than a whole one, which is timed in between.
 */
import type { Session } from "../core/session.js";

/** The part of a session that is timed. */
export type Steppable = Pick<Session, "run" | "reset" | "feed" | "feedEnd" | "stepOperator">;

/** Milliseconds from any beginning, never backwards. */
export interface Clock {
  now(): number;
}

/** What is stepped through. */
export interface Passage {
  readonly input: Float32Array | Int32Array;
  /** Elements that may be fed at once. */
  readonly feedLength: number;
  readonly operators: number;
  /** What looks ahead cannot end again without a new beginning. */
  readonly endsOnce: boolean;
}

/** So many ticks make the error of where they fall 0.1 % at most. */
const BLOCK_TICKS = 1000;
const MIN_BLOCKS = 8;
/** An operator can be told when so many blocks have come and its time is known to this share. */
const WANTED_SHARE = 0.03;
/** Looking at all blocks takes as long as some passes: it is done more and more rarely. */
const CHECK_GROWTH = 1.3;
/** Of a quartile of normally spread values: standard errors an interquartile range and root. */
const QUARTILE_ERROR = 1.0;

export class OperatorTimer {
  readonly #session: Steppable;
  readonly #passage: Passage;
  readonly #clock: Clock;
  readonly #blocks: readonly Blocks[];
  readonly #wholeRun: Blocks;
  /** Of one run, operator by operator. */
  readonly #steps: Float64Array;

  constructor(session: Steppable, passage: Passage, clock: Clock = performance) {
    this.#session = session;
    this.#passage = passage;
    this.#clock = clock;
    const tickMs = tickOf(clock);
    this.#blocks = Array.from({ length: passage.operators }, () => new Blocks(tickMs));
    this.#wholeRun = new Blocks(tickMs);
    this.#steps = this.#pass(1).steps;
  }

  /** Measures until every operator can be told, or `budgetMs` have passed; one pass at the least. */
  measure(budgetMs: number): void {
    const end = this.#clock.now() + budgetMs;
    let nextCheck = MIN_BLOCKS;
    for (let passes = 1; ; passes++) {
      this.#measureOnce();
      if (this.#clock.now() >= end) break;
      if (passes < nextCheck) continue;
      if (this.isTold) break;
      nextCheck *= CHECK_GROWTH;
    }
    this.#session.reset();
  }

  /** Whether more passes would change little. */
  get isTold(): boolean {
    const overhead = this.#overhead();
    return this.#blocks.every((blocks, operator) => {
      if (this.#steps[operator] === 0) return true;
      const { ms, errorMs } = difference(blocks.estimate(), overhead);
      return blocks.isEnough && errorMs <= WANTED_SHARE * ms;
    });
  }

  /** Milliseconds of each operator in one run; one that took no step takes none. */
  milliseconds(): number[] {
    const overhead = this.#overhead();
    return this.#blocks.map((blocks, operator) => {
      const steps = this.#steps[operator] ?? 0;
      if (steps === 0) return 0;
      const { ms, errorMs } = difference(blocks.estimate(), overhead);
      // What cannot be told from a step that does nothing takes no longer than the measurement errs.
      return steps * Math.max(ms, errorMs);
    });
  }

  #measureOnce(): void {
    const start = this.#clock.now();
    this.#session.run(this.#passage.input, { allowNonfinite: true });
    this.#wholeRun.add(this.#clock.now() - start, 1);
    const { ms, steps } = this.#pass(this.#endings);
    for (const [operator, blocks] of this.#blocks.entries()) {
      if (steps[operator]) blocks.add(ms[operator] ?? 0, steps[operator]);
    }
  }

  get #endings(): number {
    const { input, feedLength, endsOnce } = this.#passage;
    return endsOnce ? 1 : Math.ceil(input.length / feedLength);
  }

  /** @param endings at most; a head that takes longer than all frames is not repeated as often. */
  #pass(endings: number): { readonly ms: Float64Array; readonly steps: Float64Array } {
    const { input, feedLength, operators } = this.#passage;
    const session = this.#session;
    const ms = new Float64Array(operators);
    const steps = new Float64Array(operators);
    session.reset();
    const start = this.#clock.now();
    for (let at = 0; at < input.length; at += feedLength) {
      session.feed(input.subarray(at, at + feedLength), { allowNonfinite: true });
      this.#stepThrough(ms, steps);
    }
    const fedAt = this.#clock.now();
    const end = fedAt + (fedAt - start);
    for (let i = 0; i === 0 || (i < endings && this.#clock.now() < end); i++) {
      session.feedEnd();
      this.#stepThrough(ms, steps);
    }
    return { ms, steps };
  }

  #stepThrough(ms: Float64Array, steps: Float64Array): void {
    const session = this.#session;
    const clock = this.#clock;
    let before = clock.now();
    for (let operator = session.stepOperator(); operator >= 0; operator = session.stepOperator()) {
      const now = clock.now();
      ms[operator] = (ms[operator] ?? 0) + (now - before);
      steps[operator] = (steps[operator] ?? 0) + 1;
      before = now;
    }
  }

  /** Of one step: how much longer a stepped run takes than a whole one. */
  #overhead(): Estimate {
    const stepped = this.#blocks
      .map((blocks, operator) => scaled(blocks.estimate(), this.#steps[operator] ?? 0))
      .reduce((total, { ms, errorMs }) => ({
        ms: total.ms + ms,
        errorMs: Math.hypot(total.errorMs, errorMs),
      }));
    const more = difference(stepped, this.#wholeRun.estimate());
    const perStep = scaled(more, 1 / this.#steps.reduce((total, steps) => total + steps, 0));
    return { ...perStep, ms: Math.max(0, perStep.ms) };
  }
}

/** A time and its standard error. */
interface Estimate {
  readonly ms: number;
  readonly errorMs: number;
}

function scaled({ ms, errorMs }: Estimate, factor: number): Estimate {
  return factor === 0 ? { ms: 0, errorMs: 0 } : { ms: factor * ms, errorMs: factor * errorMs };
}

function difference(a: Estimate, b: Estimate): Estimate {
  return { ms: a.ms - b.ms, errorMs: Math.hypot(a.errorMs, b.errorMs) };
}

/** Time of something that is repeated, in blocks that are long for the clock. */
class Blocks {
  readonly #tickMs: number;
  readonly #means: number[] = [];
  #open = { ms: 0, times: 0 };
  #total = { ms: 0, times: 0 };

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  add(ms: number, times: number): void {
    for (const sums of [this.#open, this.#total]) {
      sums.ms += ms;
      sums.times += times;
    }
    if (this.#open.ms < BLOCK_TICKS * this.#tickMs) return;
    this.#means.push(this.#open.ms / this.#open.times);
    this.#open = { ms: 0, times: 0 };
  }

  get isEnough(): boolean {
    return this.#means.length >= MIN_BLOCKS;
  }

  /** Of one time: what it takes undisturbed. */
  estimate(): Estimate {
    const { ms, times } = this.#total;
    const resolutionMs = this.#tickMs / times;
    if (!this.isEnough) {
      // Ticks are counted: so many of them have a root's error.
      return { ms: ms / times, errorMs: resolutionMs * Math.sqrt(1 + ms / this.#tickMs) };
    }
    const sorted = [...this.#means].sort((a, b) => a - b);
    const quick = quantile(sorted, 0.25);
    const spreadMs = quantile(sorted, 0.75) - quick;
    const errorMs = (QUARTILE_ERROR * spreadMs) / Math.sqrt(sorted.length);
    return { ms: quick, errorMs: Math.max(errorMs, resolutionMs) };
  }
}

/** The least step that the clock makes in a few tries. */
function tickOf(clock: Clock): number {
  const TRIES = 5;
  let leastMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    const start = clock.now();
    let now = start;
    while (now === start) now = clock.now();
    leastMs = Math.min(leastMs, now - start);
  }
  return leastMs;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}
