/**
 * How many rows a sequence has: clocks, made one of another, as struct mlm_clock of csrc/kernels/op.h and
 * csrc/core/clocks.c have them. Arithmetic only; knows no ops.
 */

/**
 * What an op makes of m rows, m > 0: with n windows of `window` rows, `hop` apart, that fit into m +
 * `before` rows, it is n `repeat`, and one more from when row `insert` is due. At the end of the sequence
 * `after` rows come behind the last one. `fixed` rows, if given, whatever m is.
 */
export interface Clock {
  readonly window: number;
  readonly hop: number;
  readonly before: number;
  readonly after: number;
  readonly repeat: number;
  readonly insert?: number | "end";
  readonly fixed?: number;
}

const UNCHANGED: Clock = { window: 1, hop: 1, before: 0, after: 0, repeat: 1 };

/** Rows that come `rows` rows late. */
export function delay(rows: number): Clock {
  return { ...UNCHANGED, window: 1 + rows, after: rows };
}

export function windows(window: number, hop: number, before = 0, after = 0): Clock {
  return { ...UNCHANGED, window, hop, before, after };
}

export function repeated(repeat: number): Clock {
  return { ...UNCHANGED, repeat };
}

export function inserted(insert: number | "end"): Clock {
  return { ...UNCHANGED, insert };
}

export function fixedRows(fixed: number): Clock {
  return { ...UNCHANGED, fixed };
}

/** Whether rows come as those that they are made of. */
export function isUnchanged(clock: Clock): boolean {
  const { window, hop, before, after, repeat, insert, fixed } = clock;
  const isOneByOne = hop === 1 && before === window - 1 && after === 0 && repeat === 1;
  return isOneByOne && insert === undefined && fixed === undefined;
}

/**
 * Rows of what frames have become: the frames themselves, or a change of another pace. One object a pace:
 * the same change of the same pace is the same object.
 */
export class Pace {
  readonly #made = new Map<string, Pace>();

  private constructor(
    /** What it is made of, and how; absent: the network's frames. */
    readonly from?: { readonly pace: Pace; readonly clock: Clock },
  ) {}

  static ofFrames(): Pace {
    return new Pace();
  }

  through(clock: Clock): Pace {
    if (isUnchanged(clock)) return this;
    const key = textOf(clock);
    const made = this.#made.get(key) ?? new Pace({ pace: this, clock });
    this.#made.set(key, made);
    return made;
  }

  /** Rows in a whole sequence of `frames` frames. */
  total(frames: number): number {
    if (this.from === undefined) return frames;
    const { clock, pace } = this.from;
    return totalOf(clock, pace.total(frames));
  }

  /** Fewest frames that make `rows` rows or more; Infinity: there are never so many. */
  framesForAtLeast(rows: number): number {
    if (this.from === undefined) return Math.max(rows, 1);
    const { clock, pace } = this.from;
    if (clock.fixed !== undefined) return rows <= clock.fixed ? 1 : Number.POSITIVE_INFINITY;
    const made = rows - (clock.insert === undefined ? 0 : 1);
    return pace.framesForAtLeast(rowsForWindows(clock, Math.ceil(made / clock.repeat)));
  }

  /** Most frames that make `rows` rows or fewer; 0: even one makes more; Infinity: any number. */
  framesForAtMost(rows: number): number {
    if (this.from?.clock.fixed !== undefined) {
      return rows >= this.from.clock.fixed ? Number.POSITIVE_INFINITY : 0;
    }
    return this.framesForAtLeast(rows + 1) - 1;
  }
}

function totalOf(clock: Clock, rows: number): number {
  if (clock.fixed !== undefined) return clock.fixed;
  if (rows === 0) return 0;
  const { window, hop, before, after, repeat, insert } = clock;
  const padded = rows + before + after;
  const made = padded < window ? 0 : Math.floor((padded - window) / hop) + 1;
  return made * repeat + (insert === undefined ? 0 : 1);
}

/** Fewest rows, one or more, in which `count` windows fit. */
function rowsForWindows({ window, hop, before, after }: Clock, count: number): number {
  return Math.max(1, window - before - after + (count - 1) * hop);
}

function textOf({ window, hop, before, after, repeat, insert, fixed }: Clock): string {
  return [window, hop, before, after, repeat, insert, fixed].join();
}

/**
 * Most rows that `pace` is ahead of `other` at any time, while frames come in; undefined when it may be
 * behind, or ever farther ahead. As mlm_most_ahead of csrc/core/clocks.c has it.
 */
export function mostAhead(pace: Pace, other: Pace): number | undefined {
  const common = commonPace(pace, other);
  const [a, b] = [boundsOf(pace, common), boundsOf(other, common)];
  if (a === undefined || b === undefined) return undefined;
  if (a.rate * b.den !== b.rate * a.den) return undefined;
  if (a.low * b.den < b.high * a.den) return undefined;
  return Math.floor((a.high * b.den - b.low * a.den) / (a.den * b.den));
}

/** Rows r of a pace when another has m: m rate + low <= r den <= m rate + high, as far as r > 0. */
interface Bounds {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly den: number;
}

function boundsOf(pace: Pace, above: Pace): Bounds | undefined {
  if (pace === above || pace.from === undefined) return { rate: 1, low: 0, high: 0, den: 1 };
  const { clock, pace: parent } = pace.from;
  const bounds = boundsOf(parent, above);
  if (bounds === undefined || clock.fixed !== undefined) return undefined;
  const { window, hop, before, repeat, insert } = clock;
  const shift = before - window + hop;
  const den = bounds.den * hop;
  const high = (bounds.high + shift * bounds.den) * repeat;
  const isInserted = insert !== undefined && insert !== "end";
  return {
    rate: bounds.rate * repeat,
    low: (bounds.low + (shift - hop + 1) * bounds.den) * repeat,
    // The inserted row may be there before any other is.
    high: isInserted ? Math.max(high, 0) + den : high,
    den,
  };
}

function commonPace(a: Pace, b: Pace): Pace {
  const above = new Set(lineOf(a));
  return lineOf(b).find((pace) => above.has(pace)) as Pace; // both end at the frames
}

function lineOf(pace: Pace): Pace[] {
  return [pace, ...(pace.from === undefined ? [] : lineOf(pace.from.pace))];
}
