/**
 * How long each operator of a session takes on this host, however short it is beside the clock's ticks
 * and the cost of reading it. Knows nothing of what operators do.
 *
 * A pass steps through the whole input. Before each step its work is done some times over inside the core, between
 * two readings of the clock, less what no work takes there; then the arena is put back, so that every step finds what
 * it would have found. What comes after the last frame is stepped through about as often as frames where
 * ending a sequence does not change it. The time of an operator adds up over whole passes, whose steps may differ,
 * until a block of it is so many ticks long that where they fall no longer matters. An undisturbed step takes what the quickest blocks show: their lowest tenth.
 */
import type { Session } from "../core/session.js";
import { Blocks, type Estimate, MIN_BLOCKS, NOTHING } from "./blocks.js";

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
/** An operator can be told when so many blocks have come and its time is known to this share. */
const WANTED_SHARE = 0.03;
/** Looking at all blocks takes as long as some passes: it is done more and more rarely. */
const CHECK_GROWTH = 1.3;
/** After so long of a measurement only what cannot be told yet is timed: passes get short. */
const ALL_MS = 1000;
/** Long beside reading the clock; all steps of a pass together have to get by without a disturbance now and then. */
const REPEATED_MS = 0.003;
/** Rows that an operator makes of themselves may halve each time: 126 times, and they are subnormal, which is slow. */
const MOST_REPEATS = 120;

export class OperatorTimer {
  readonly #session: Steppable;
  readonly #passage: Passage;
  readonly #clock: Clock;
  /** Whose work each step does: of every feed, and of an ending. */
  readonly #feeds: readonly (readonly number[])[];
  readonly #ending: readonly number[];
  readonly #fed: Part;
  readonly #ended: Part;
  /** What is timed in a pass. */
  readonly #isTimed: boolean[];
  readonly #saved: Uint8Array;

  constructor(session: Steppable, passage: Passage, clock: Clock = performance) {
    this.#session = session;
    this.#passage = passage;
    this.#clock = clock;
    this.#saved = new Uint8Array(session.arena().length);
    session.reset();
    this.#feeds = this.#inputs().map((input) => {
      session.feed(input, { allowNonfinite: true });
      return this.#stepsLeft();
    });
    session.feedEnd();
    this.#ending = this.#stepsLeft();
    const tickMs = tickOf(clock);
    this.#fed = new Part(this.#feeds.flat(), passage.operators, tickMs);
    this.#ended = new Part(this.#ending, passage.operators, tickMs);
    this.#isTimed = Array.from({ length: passage.operators }, () => true);
  }

  /** Measures until every operator can be told, or `budgetMs` have passed; one pass at the least. */
  measure(budgetMs: number): void {
    const start = this.#clock.now();
    const end = start + budgetMs;
    let nextCheck = MIN_BLOCKS;
    this.#isTimed.fill(true);
    for (let passes = 1; ; passes++) {
      this.#pass(end);
      if (this.#clock.now() >= end) break;
      if (passes < nextCheck) continue;
      if (this.isTold) break;
      if (this.#clock.now() - start >= ALL_MS) {
        for (const operator of this.#isTimed.keys())
          this.#isTimed[operator] = !this.#isOneTold(operator);
      }
      nextCheck *= CHECK_GROWTH;
    }
    this.#session.reset();
  }

  /** Whether more passes would change little. */
  get isTold(): boolean {
    return this.#isTimed.every((_, operator) => this.#isOneTold(operator));
  }

  #isOneTold(operator: number): boolean {
    const parts = [this.#fed, this.#ended].filter((part) => part.steps(operator) > 0);
    const estimates = parts.map((part) => part.estimate(operator));
    const ms = estimates.reduce((sum, one) => sum + one.ms, 0);
    const errorMs = Math.hypot(...estimates.map((one) => one.errorMs));
    return parts.every((part) => part.isEnough(operator)) && errorMs <= WANTED_SHARE * ms;
  }

  /** Milliseconds of each operator in one run; one that took no step takes none. */
  milliseconds(): number[] {
    return this.#isTimed.map((_, operator) =>
      [this.#fed, this.#ended].reduce((sum, part) => {
        const { ms, errorMs } = part.estimate(operator);
        // What cannot be told from no work takes no longer than the measurement errs.
        return sum + Math.max(ms, errorMs);
      }, 0),
    );
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
    this.#fed.begin();
    for (const [i, input] of this.#inputs().entries()) {
      session.feed(input, { allowNonfinite: true });
      this.#stepThrough(this.#fed, this.#feeds[i]!, end);
    }
    this.#fed.end();
    const fedAt = this.#clock.now();
    const endings = this.#passage.endsOnce ? 1 : this.#feeds.length;
    for (let i = 0; i === 0 || (i < endings && this.#clock.now() < 2 * fedAt - start); i++) {
      session.feedEnd();
      this.#ended.begin();
      this.#stepThrough(this.#ended, this.#ending, end);
      this.#ended.end();
    }
  }

  /** Behind `end` only operators are timed that have not been timed at all. */
  #stepThrough(part: Part, operators: readonly number[], end: number): void {
    for (const operator of operators) {
      const isWanted = this.#isTimed[operator] && this.#clock.now() < end;
      if (isWanted || part.isUntimed(operator)) this.#time(part, operator);
      this.#session.stepOperator();
    }
    this.#session.stepOperator();
  }

  /** @param operator the one that comes next */
  #time(part: Part, operator: number): void {
    const session = this.#session;
    const clock = this.#clock;
    const arena = session.arena();
    this.#saved.set(arena);
    const times = part.times(operator);
    const start = clock.now();
    session.repeatOperator(0);
    const begin = clock.now();
    session.repeatOperator(times);
    const doneAt = clock.now();
    arena.set(this.#saved);
    part.add(operator, begin - start, doneAt - begin, times);
  }
}

/**
 * The steps of all feeds, or those of an ending. Each of an operator's may have other work to do, the last tile fewer
 * rows and a slower clock none at all: only rounds of all its steps can be compared.
 */
class Part {
  readonly #blocks: readonly Blocks[];
  /** Of each operator, what its work done not once takes: the call, and finding it. */
  readonly #calls: readonly Blocks[];
  /** Of one round. */
  readonly #steps: Float64Array;
  readonly #timedSteps: Float64Array;
  /** The same for all steps of a round, so that all count alike. */
  readonly #times: Float64Array;

  constructor(steps: readonly number[], operators: number, tickMs: number) {
    const blocks = (ticks: number) =>
      Array.from({ length: operators }, () => new Blocks(tickMs, ticks));
    this.#blocks = blocks(BLOCK_TICKS);
    this.#calls = blocks(CALL_TICKS);
    this.#steps = new Float64Array(operators);
    for (const operator of steps) this.#steps[operator]! += 1;
    this.#timedSteps = new Float64Array(operators);
    this.#times = new Float64Array(operators);
  }

  begin(): void {
    this.#timedSteps.fill(0);
    for (const [operator, blocks] of this.#blocks.entries())
      this.#times[operator] = blocks.isEmpty ? 1 : repeatsOf(blocks.meanMs);
  }

  /** @param callMs of a call in which nothing is done @param ms of one in which the work is done so many times */
  add(operator: number, callMs: number, ms: number, times: number): void {
    this.#calls[operator]!.add(callMs, 1);
    this.#calls[operator]!.endRound();
    this.#blocks[operator]!.add(ms, times);
    this.#timedSteps[operator]! += 1;
  }

  end(): void {
    for (const [operator, blocks] of this.#blocks.entries()) {
      if (this.#timedSteps[operator] === this.#steps[operator]) blocks.endRound();
      else blocks.dropRound();
    }
  }

  steps(operator: number): number {
    return this.#steps[operator] ?? 0;
  }

  times(operator: number): number {
    return this.#times[operator] ?? 1;
  }

  isUntimed(operator: number): boolean {
    return this.#blocks[operator]!.isEmpty;
  }

  isEnough(operator: number): boolean {
    return this.#blocks[operator]!.isEnough;
  }

  /** Of a round. */
  estimate(operator: number): Estimate {
    const steps = this.steps(operator);
    if (steps === 0) return NOTHING;
    const one = this.#blocks[operator]!.estimate(this.#calls[operator]!.estimate());
    return { ms: steps * one.ms, errorMs: steps * one.errorMs };
  }
}

function repeatsOf(onceMs: number): number {
  const repeats = Math.ceil(REPEATED_MS / onceMs);
  return repeats >= 1 && repeats < MOST_REPEATS ? repeats : MOST_REPEATS;
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
