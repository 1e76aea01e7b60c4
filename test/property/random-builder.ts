/**
 * A network that grows by one op at a time, with numbers at random: what rows of random-ops.ts write into.
 * Knows of every value its width, its rows and about how large its elements are, so that the next op can
 * be one that fits. Knows no kind of op.
 */
import type { Op } from "../../ts/graph/descriptors/index.js";
import { inputsOf } from "../../ts/graph/form.js";
import type { Network, Tensor, Value } from "../../ts/graph/network.js";
import { infoOf } from "../../ts/graph/values.js";
import { uniformNumbers } from "../unit/core/networks.js";

/** When the rows of a sequence come: those of equal `pace` and number can be added, joined ... */
export interface Time {
  readonly rows: number;
  /** Rows per row of `origin`: numerator and denominator. */
  readonly rate: readonly [number, number];
  /** "frames", or the name of an op that makes a fixed number of rows. */
  readonly origin: string;
}

/** A value of the network as it is built. */
export interface Known {
  readonly value: Value;
  readonly width: number;
  /** Absent: a vector. */
  readonly time?: Time;
  /** About the root of the mean square of its elements. */
  readonly size: number;
}

/** Adds an op to a network, if there is something for it to read. */
export type Row = (b: NetworkBuilder) => Known | undefined;

type Nameless<O> = O extends Op ? Omit<O, "name"> : never;
/** An op that gets its name when it is added. */
export type NewOp = Nameless<Op>;

/** What cannot be seen in an op's descriptor. */
export interface Effect {
  /** Rows of the output; absent: those of the first input that is a sequence. */
  readonly time?: Time;
  /** About how large its elements are; absent: as those of input 0. */
  readonly size?: number;
}

/** Elements are kept below it, so that rounding stays small beside what is computed. */
const MOST_SIZE = 4;
/** A value is read this often when it is the last one, else any of them. */
const LAST_SHARE = 0.65;
const MOST_WIDTH = 21;
/** Of rows that are put together of several. */
export const MOST_ROW_WIDTH = 72;

export class NetworkBuilder {
  readonly ops: Op[] = [];
  readonly values: Known[];
  readonly inputKind: Network["inputKind"];
  readonly #uniform: () => number;
  #tensors = 0;
  #focus: Known | undefined;

  constructor(seed: number, inputKind: Network["inputKind"], width: number, frames: number) {
    this.#uniform = uniformNumbers(seed);
    this.inputKind = inputKind;
    const time: Time = { rows: frames, rate: [1, 1], origin: "frames" };
    this.values = [{ value: 0, width, time, size: 1 }];
  }

  // ---- numbers ---------------------------------------------------------------------------------------

  uniform(): number {
    return this.#uniform();
  }

  /** Both inclusive. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.#uniform() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.#uniform() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)] as T;
  }

  /** Of a new layer; often one that another value has, so that they can be added. */
  width(): number {
    return this.chance(0.5) ? this.pick(this.values).width : this.integer(1, MOST_WIDTH);
  }

  /** Uniform in offset +- scale. */
  tensor(shape: readonly number[], scale: number, offset = 0): Tensor {
    const length = shape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length }, () => offset + (2 * this.#uniform() - 1) * scale);
    return { name: `t${this.#tensors++}`, shape, data };
  }

  /** [outputs, ...inputs], so large that outputs are about as large as inputs. */
  weight(outputs: number, ...inputs: number[]): Tensor {
    const count = inputs.reduce((product, size) => product * size, 1);
    return this.tensor([outputs, ...inputs], Math.sqrt(3 / count));
  }

  bias(width: number): Tensor {
    return this.tensor([width], 0.3);
  }

  /** The weight of a norm or a scale. */
  scale(width: number): Tensor {
    return this.tensor([width], 0.3, 1);
  }

  /** An eps; of narrow rows a larger one, as those are often nearly equal, and a norm blows rounding up. */
  eps(elements: number): number {
    return elements < 6 ? 0.3 : this.pick([1e-5, 1e-3, 0.1]);
  }

  // ---- values ----------------------------------------------------------------------------------------

  get last(): Known {
    return this.values.at(-1) as Known;
  }

  /** Lets `make` read nothing but `value`. */
  on(value: Known, make: Row): Known | undefined {
    this.#focus = value;
    try {
      return make(this);
    } finally {
      this.#focus = undefined;
    }
  }

  /** A value for which `fits` holds, often the last one; undefined: there is none. */
  read(fits: (value: Known) => boolean = () => true): Known | undefined {
    if (this.#focus !== undefined) return fits(this.#focus) ? this.#focus : undefined;
    // Tokens and samples are for the first op alone.
    const readable = this.values.slice(this.inputKind === "frames" ? 0 : 1).filter(fits);
    if (readable.length === 0) return undefined;
    return this.chance(LAST_SHARE) ? readable.at(-1) : this.pick(readable);
  }

  sequence(fits: (value: Known & { time: Time }) => boolean = () => true) {
    const isFit = (value: Known) =>
      value.time !== undefined && fits(value as Known & { time: Time });
    return this.read(isFit) as (Known & { readonly time: Time }) | undefined;
  }

  /** Another value that can be added to `x`; of a sequence also a vector if `broadcast`. */
  partner(x: Known, broadcast = true): Known | undefined {
    return this.read((y) => y.width === x.width && (areTogether(x, y) || (broadcast && !y.time)));
  }

  /** Adds an op, and behind one that makes large elements another one that makes them small again. */
  push(op: NewOp, effect: Effect = {}): Known {
    const made = this.#append(op, effect);
    return made.size > MOST_SIZE ? this.#shrink(made) : made;
  }

  #append(op: NewOp, { time, size }: Effect): Known {
    const named = { ...op, name: `op${this.ops.length + 1}` } as Op;
    const inputs = inputsOf(named).map((value) => this.values[value] as Known);
    const { width, isVector } = infoOf(
      named,
      inputs.map((input) => ({ width: input.width, isVector: input.time === undefined })),
    );
    const rows = time ?? inputs.find((input) => input.time !== undefined)?.time;
    this.ops.push(named);
    const known = {
      value: this.ops.length,
      width,
      size: size ?? (inputs[0] as Known).size,
      ...(!isVector && rows && { time: rows }),
    };
    this.values.push(known);
    return known;
  }

  #shrink({ value, width, size }: Known): Known {
    const [scale, shift] = [this.tensor([width], 0.2 / size, 1 / size), this.bias(width)];
    return this.#append({ kind: "affine", input: value, scale, shift }, { size: 1 });
  }
}

export function areTogether(a: Known, b: Known): boolean {
  if (a.time === undefined || b.time === undefined) return a.time === b.time;
  const [x, y] = [a.time, b.time];
  return x.rows === y.rows && x.origin === y.origin && x.rate.join() === y.rate.join();
}

/** Windows of `span` rows, `stride` apart, in a sequence with `padding` rows around it; undefined: none. */
export function windowed(
  time: Time,
  span: number,
  stride: number,
  padding: number,
): Time | undefined {
  const { rows, rate, origin } = time;
  const room = rows + padding - span;
  if (room < 0) return undefined;
  return { rows: Math.floor(room / stride) + 1, rate: reduced(rate[0], rate[1] * stride), origin };
}

export function repeated({ rows, rate, origin }: Time, repeat: number): Time {
  return { rows: rows * repeat, rate: reduced(rate[0] * repeat, rate[1]), origin };
}

function reduced(a: number, b: number): readonly [number, number] {
  const divisor = greatestDivisor(a, b);
  return [a / divisor, b / divisor];
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
