/**
 * How long each operator of a session takes on this host, however short it is beside the clock's ticks
 * and the cost of reading it. Knows nothing of what operators do.
 *
 * A pass steps through the whole input. Before each step its work is done some times over inside the core, between
 * two readings of the clock, less what no work takes there; then the arena is put back, so that every step finds what
 * it would have found. What comes after the last frame is stepped through about as often as frames where
 * ending a sequence does not change it. The time of an operator adds up until a block of it is so many ticks long
 * that where they fall no longer matters. An undisturbed step takes what the quickest blocks show: their lowest tenth.
 */
import type { Session } from "../core/session.js";

/** The part of a session that is timed. */
export type Steppable = Pick<
  Session,
  "reset" | "feed" | "feedEnd" | "stepOperator" | "repeatOperator" | "arena"
>;

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

/** So many ticks make the error of where they fall 1 % of a block at most. */
const BLOCK_TICKS = 100;
/** A call's time is spread over what is done in it: less will do, and comes sooner. */
const CALL_TICKS = 10;
const MIN_BLOCKS = 8;
/** An operator can be told when so many blocks have come and its time is known to this share. */
const WANTED_SHARE = 0.03;
/** Looking at all blocks takes as long as some passes: it is done more and more rarely. */
const CHECK_GROWTH = 1.3;
/** Share of the blocks that are quicker than what is taken for undisturbed. */
const QUICK = 0.1;
/** Of that quantile of normally spread values: standard errors a distance to the median and root. */
const QUICK_ERROR = 1.33;
/** Long beside reading the clock. */
const REPEATED_MS = 0.01;
/** Rows that an operator makes of themselves may halve each time: 126 times, and they are subnormal, which is slow. */
const MOST_REPEATS = 120;

export class OperatorTimer {
  readonly #session: Steppable;
  readonly #passage: Passage;
  readonly #clock: Clock;
  readonly #blocks: readonly Blocks[];
  /** Of each operator, what its work done not once takes: the call, and finding it. */
  readonly #calls: readonly Blocks[];
  /** Whose work each step does: of every feed, and of an ending. */
  readonly #feeds: readonly (readonly number[])[];
  readonly #ending: readonly number[];
  /** Of one run, operator by operator. */
  readonly #steps: Float64Array;
  readonly #saved: Uint8Array;

  constructor(session: Steppable, passage: Passage, clock: Clock = performance) {
    this.#session = session;
    this.#passage = passage;
    this.#clock = clock;
    const tickMs = tickOf(clock);
    const blocks = (ticks: number) =>
      Array.from({ length: passage.operators }, () => new Blocks(tickMs, ticks));
    this.#blocks = blocks(BLOCK_TICKS);
    this.#calls = blocks(CALL_TICKS);
    this.#saved = new Uint8Array(session.arena().length);
    session.reset();
    this.#feeds = this.#inputs().map((input) => {
      session.feed(input, { allowNonfinite: true });
      return this.#stepsLeft();
    });
    session.feedEnd();
    this.#ending = this.#stepsLeft();
    this.#steps = new Float64Array(passage.operators);
    for (const operator of [...this.#feeds.flat(), ...this.#ending]) this.#steps[operator]! += 1;
  }

  /** Measures until every operator can be told, or `budgetMs` have passed; one pass at the least. */
  measure(budgetMs: number): void {
    const end = this.#clock.now() + budgetMs;
    let nextCheck = MIN_BLOCKS;
    for (let passes = 1; ; passes++) {
      this.#pass(end);
      if (this.#clock.now() >= end) break;
      if (passes < nextCheck) continue;
      if (this.isTold) break;
      nextCheck *= CHECK_GROWTH;
    }
    this.#session.reset();
  }

  /** Whether more passes would change little. */
  get isTold(): boolean {
    return this.#blocks.every((blocks, operator) => {
      if (this.#steps[operator] === 0) return true;
      const { ms, errorMs } = this.#estimate(operator);
      return blocks.isEnough && errorMs <= WANTED_SHARE * ms;
    });
  }

  /** Milliseconds of each operator in one run; one that took no step takes none. */
  milliseconds(): number[] {
    return this.#blocks.map((_, operator) => {
      const steps = this.#steps[operator] ?? 0;
      if (steps === 0) return 0;
      const { ms, errorMs } = this.#estimate(operator);
      // What cannot be told from no work takes no longer than the measurement errs.
      return steps * Math.max(ms, errorMs);
    });
  }

  /** Of one time. */
  #estimate(operator: number): Estimate {
    return this.#blocks[operator]!.estimate(this.#calls[operator]!.estimate());
  }

  /** What is fed one behind the other. */
  #inputs(): (Float32Array | Int32Array)[] {
    const { input, feedLength } = this.#passage;
    const count = Math.ceil(input.length / feedLength);
    return Array.from({ length: count }, (_, i) =>
      input.subarray(i * feedLength, (i + 1) * feedLength),
    );
  }

  #stepsLeft(): number[] {
    const operators: number[] = [];
    for (;;) {
      const operator = this.#session.stepOperator();
      if (operator < 0) return operators;
      operators.push(operator);
    }
  }

  /** Once through the input, and through as many endings as take about as long. */
  #pass(end: number): void {
    const session = this.#session;
    session.reset();
    const start = this.#clock.now();
    for (const [i, input] of this.#inputs().entries()) {
      session.feed(input, { allowNonfinite: true });
      this.#stepThrough(this.#feeds[i]!, end);
    }
    const fedAt = this.#clock.now();
    const endings = this.#passage.endsOnce ? 1 : this.#feeds.length;
    for (let i = 0; i === 0 || (i < endings && this.#clock.now() < 2 * fedAt - start); i++) {
      session.feedEnd();
      this.#stepThrough(this.#ending, end);
    }
  }

  /** Behind `end` only operators are timed that have not been timed at all. */
  #stepThrough(operators: readonly number[], end: number): void {
    for (const operator of operators) {
      if (this.#blocks[operator]!.isEmpty || this.#clock.now() < end) this.#time(operator);
      this.#session.stepOperator();
    }
    this.#session.stepOperator();
  }

  /** @param operator the one that comes next */
  #time(operator: number): void {
    const session = this.#session;
    const clock = this.#clock;
    const blocks = this.#blocks[operator]!;
    const arena = session.arena();
    this.#saved.set(arena);
    const times = blocks.isEmpty ? 1 : repeatsOf(blocks.meanMs);
    const start = clock.now();
    session.repeatOperator(0);
    const begin = clock.now();
    session.repeatOperator(times);
    const doneAt = clock.now();
    arena.set(this.#saved);
    this.#calls[operator]!.add(begin - start, 1);
    blocks.add(doneAt - begin, times);
  }
}

function repeatsOf(onceMs: number): number {
  const repeats = Math.ceil(REPEATED_MS / onceMs);
  return repeats >= 1 && repeats < MOST_REPEATS ? repeats : MOST_REPEATS;
}

/** A time and its standard error. */
interface Estimate {
  readonly ms: number;
  readonly errorMs: number;
}

const NOTHING: Estimate = { ms: 0, errorMs: 0 };

/** Readings of the clock added up: what is done `times` times between two of them, `calls` of these. */
interface Sums {
  ms: number;
  times: number;
  calls: number;
}

/** Time of something that is repeated, in blocks that are long for the clock. */
class Blocks {
  readonly #tickMs: number;
  readonly #blockMs: number;
  readonly #blocks: Sums[] = [];
  #open: Sums = { ms: 0, times: 0, calls: 0 };
  readonly #total: Sums = { ms: 0, times: 0, calls: 0 };

  constructor(tickMs: number, ticks: number) {
    this.#tickMs = tickMs;
    this.#blockMs = ticks * tickMs;
  }

  add(ms: number, times: number): void {
    for (const sums of [this.#open, this.#total]) {
      sums.ms += ms;
      sums.times += times;
      sums.calls++;
    }
    if (this.#open.ms < this.#blockMs) return;
    this.#blocks.push(this.#open);
    this.#open = { ms: 0, times: 0, calls: 0 };
  }

  get isEmpty(): boolean {
    return this.#total.times === 0;
  }

  /** Of one time, roughly: with its call, and disturbed. */
  get meanMs(): number {
    return this.#total.ms / this.#total.times;
  }

  get isEnough(): boolean {
    return this.#blocks.length >= MIN_BLOCKS;
  }

  /** Of one time: what it takes undisturbed. @param call what a call takes in which nothing is done */
  estimate(call = NOTHING): Estimate {
    const { ms, times, calls } = this.#total;
    const resolutionMs = this.#tickMs / times;
    const callErrorMs = (calls / times) * call.errorMs;
    if (this.#blocks.length === 0) {
      // Ticks are counted: so many of them have a root's error.
      const errorMs = resolutionMs * Math.sqrt(1 + ms / this.#tickMs);
      return { ms: (ms - calls * call.ms) / times, errorMs: Math.hypot(errorMs, callErrorMs) };
    }
    const sorted = this.#blocks
      .map((block) => (block.ms - block.calls * call.ms) / block.times)
      .sort((a, b) => a - b);
    const quick = quantile(sorted, QUICK);
    const spreadMs = quantile(sorted, 0.5) - quick;
    const errorMs = (QUICK_ERROR * spreadMs) / Math.sqrt(sorted.length);
    return { ms: quick, errorMs: Math.hypot(Math.max(errorMs, resolutionMs), callErrorMs) };
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
