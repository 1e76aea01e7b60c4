/** Times of something that is repeated, and what they say of one that is undisturbed. Knows nothing of what was timed. */

export const MIN_BLOCKS = 8;
/** Share of the blocks that are quicker than what is taken for undisturbed. */
const QUICK = 0.1;
/** Of that quantile of normally spread values: standard errors a distance to the median and root. */
const QUICK_ERROR = 1.33;

/** A time and its standard error. */
export interface Estimate {
  readonly ms: number;
  readonly errorMs: number;
}

export const NOTHING: Estimate = { ms: 0, errorMs: 0 };

/** Readings of the clock added up: what is done `times` times between two of them, `calls` of these. */
interface Sums {
  ms: number;
  times: number;
  calls: number;
}

/** Time of something that is repeated, in blocks that each hold the same work, and are long for the clock. */
export class Blocks {
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
  }

  /** What was added since makes whole rounds of the same work: a block, once it is long for the clock. */
  endRound(): void {
    if (this.#open.ms < this.#blockMs) return;
    this.#blocks.push(this.#open);
    this.dropRound();
  }

  /** What was added since is less than a round, of other work: no part of a block. */
  dropRound(): void {
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

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}
