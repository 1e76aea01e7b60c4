/**
 * Networks at random, of every kind of op and of odd sizes, with an input: described by small plain
 * data, so that a failing one shrinks and can be read.
 */
import fc from "fast-check";
import { inputLength } from "../../ts/core/input.js";
import type { Network, Op, PoolOp } from "../../ts/network.js";
import { activation, add, NetworkMaker, pool } from "../unit/core/networks.js";

type Piece =
  | { readonly kind: "linear"; readonly width: number; readonly bias: boolean }
  | { readonly kind: "norm"; readonly norm: "rms" | "layer"; readonly bias: boolean }
  | { readonly kind: "activation"; readonly activation: "silu" | "relu" | "gelu" }
  | { readonly kind: "affine" }
  /** Adds an earlier value of the same width; `back` counts among them, from the last. */
  | { readonly kind: "add"; readonly back: number }
  | MambaPiece;

interface MambaPiece {
  readonly kind: "mamba";
  readonly inner: number;
  readonly states: number;
  readonly taps: number;
  readonly rank: number;
  readonly biases: boolean;
  /** Output width; 0: no out_proj; -1: that of the input, which is then added. */
  readonly output: number;
}

/**
 * A log-mel op: fractions are of what is possible. What stands behind it makes its channels differ
 * where all bands are on the floor: of rows of equal elements a layer norm makes noise.
 */
interface FrontEndPiece {
  readonly fftLog2: number;
  readonly window: number;
  readonly hop: number;
  readonly behind: "affine" | "linear";
  /** Samples behind the last window, as a fraction of what makes another one. */
  readonly rest: number;
}

export interface Case {
  readonly seed: number;
  readonly inputKind: Network["inputKind"];
  /** Of a frame, of the embedding, or of a log-mel frame. */
  readonly width: number;
  readonly frontEnd: FrontEndPiece;
  readonly vocabulary: number;
  readonly body: readonly Piece[];
  readonly pool: PoolOp["pool"];
  readonly head: readonly Piece[];
  readonly frames: number;
}

const width = fc.integer({ min: 1, max: 21 });

const headPiece: fc.Arbitrary<Piece> = fc.oneof(
  fc.record({ kind: fc.constant("linear" as const), width, bias: fc.boolean() }),
  fc.record({
    kind: fc.constant("norm" as const),
    norm: fc.constantFrom("rms" as const, "layer" as const),
    bias: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("activation" as const),
    activation: fc.constantFrom("silu" as const, "relu" as const, "gelu" as const),
  }),
  fc.record({ kind: fc.constant("add" as const), back: fc.nat(3) }),
  fc.record({ kind: fc.constant("affine" as const) }),
);

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const frontEndPiece: fc.Arbitrary<FrontEndPiece> = fc.record({
  fftLog2: fc.integer({ min: 2, max: 6 }),
  window: fraction,
  hop: fraction,
  behind: fc.constantFrom("affine" as const, "linear" as const),
  rest: fraction,
});

const mambaPiece: fc.Arbitrary<Piece> = fc.record({
  kind: fc.constant("mamba" as const),
  inner: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 28, max: 75 })),
  states: fc.integer({ min: 1, max: 17 }),
  taps: fc.integer({ min: 1, max: 6 }),
  rank: fc.integer({ min: 1, max: 9 }),
  biases: fc.boolean(),
  output: fc.integer({ min: -1, max: 21 }),
});

export const networkCases: fc.Arbitrary<Case> = fc.record({
  seed: fc.integer(),
  inputKind: fc.constantFrom("frames" as const, "tokens" as const, "samples" as const),
  width,
  frontEnd: frontEndPiece,
  vocabulary: fc.integer({ min: 1, max: 30 }),
  body: fc.array(
    fc.oneof({ weight: 1, arbitrary: headPiece }, { weight: 1, arbitrary: mambaPiece }),
    {
      maxLength: 6,
    },
  ),
  pool: fc.constantFrom("mean" as const, "last" as const, "max" as const),
  head: fc.array(headPiece, { maxLength: 3 }),
  frames: fc.integer({ min: 1, max: 40 }),
});

/** The network and the input that a case describes. */
export function build(description: Case): {
  readonly network: Network;
  readonly input: Float32Array | Int32Array;
} {
  const { seed, inputKind, frames, vocabulary } = description;
  const make = new NetworkMaker(seed);
  const inputWidth = inputKind === "frames" ? description.width : 1;
  const { ops } = new OpList(make, description);
  const network: Network = { inputKind, inputWidth, ops, convention: "random" };
  if (inputKind === "tokens") return { network, input: make.tokens(frames, vocabulary) };
  if (inputKind === "frames") return { network, input: make.frames(frames, inputWidth) };
  const { window, hop } = logmelSizes(description);
  const shape = { inputKind, inputWidth, windowSamples: window, hopSamples: hop };
  const rest = Math.floor(description.frontEnd.rest * hop);
  return { network, input: make.frames(inputLength(shape, frames) + rest, 1) };
}

/** Hops are short, so that inputs are. */
const MAX_HOP = 9;

function logmelSizes({ frontEnd, width }: Case) {
  const upTo = (most: number, fraction: number) => 1 + Math.floor(fraction * most);
  const fft = 2 ** frontEnd.fftLog2;
  const window = upTo(fft, frontEnd.window);
  return { fft, window, hop: upTo(Math.min(window, MAX_HOP), frontEnd.hop), bands: width };
}

class OpList {
  readonly ops: Op[] = [];
  readonly #make: NetworkMaker;
  readonly #widths: number[];
  /** First value that may be read: 0, that of the embedding or of logmel, or that of the pool. */
  #firstValue = 0;

  constructor(make: NetworkMaker, description: Case) {
    const { inputKind, width, vocabulary, ...parts } = description;
    this.#make = make;
    this.#widths = [width];
    if (inputKind === "tokens") {
      this.#push(make.embedding("embedding", vocabulary, width), width);
      this.#firstValue = 1;
    } else if (inputKind === "samples") {
      this.#push(make.logmel("logmel", logmelSizes(description)), width);
      this.#firstValue = 1;
      this.#append({ kind: parts.frontEnd.behind, width, bias: true });
    }
    for (const piece of parts.body) this.#append(piece);
    this.#push(pool("pool", this.#last, parts.pool), this.#width);
    this.#firstValue = this.#last;
    for (const piece of parts.head) this.#append(piece);
  }

  get #last(): number {
    return this.ops.length;
  }

  get #width(): number {
    return this.#widths[this.#last]!;
  }

  get #name(): string {
    return `op${this.#last}`;
  }

  #push(op: Op, width: number): void {
    this.ops.push(op);
    this.#widths.push(width);
  }

  #append(piece: Piece): void {
    if (piece.kind === "mamba") this.#appendMamba(piece);
    else this.#push(...this.#simpleOp(piece));
  }

  #simpleOp(piece: Exclude<Piece, MambaPiece>): [op: Op, width: number] {
    const [make, name, input, width] = [this.#make, this.#name, this.#last, this.#width];
    switch (piece.kind) {
      case "linear":
        return [make.linear(name, input, width, piece.width, piece.bias), piece.width];
      case "norm": {
        const hasBias = piece.norm === "layer" && piece.bias;
        return [make.norm(name, input, width, piece.norm, hasBias), width];
      }
      case "activation":
        return [activation(name, input, piece.activation), width];
      case "add":
        return [add(name, input, this.#earlier(piece.back)), width];
      case "affine":
        return [make.affine(name, input, width), width];
    }
  }

  #appendMamba({ kind: _, output: wanted, ...sizes }: MambaPiece): void {
    const [input, width] = [this.#last, this.#width];
    const output = wanted < 0 ? width : wanted;
    const block = { ...sizes, ...(output > 0 && { output }) };
    const mamba = this.#make.mamba(this.#name, input, width, block);
    this.#push(mamba, output === 0 ? sizes.inner : output);
    if (wanted < 0) this.#push(add(this.#name, input, this.#last), width);
  }

  /** A value of the last one's width, itself among them. */
  #earlier(back: number): number {
    const same = this.#widths
      .map((_, value) => value)
      .filter((value) => value >= this.#firstValue && this.#widths[value] === this.#width);
    return same.at(-1 - (back % same.length))!;
  }
}

/** The bits of float32 values, as eight hexadecimal digits each. */
export function bitsOf(values: Float32Array): string {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join(" ");
}
