/**
 * Networks at random, of every kind of op and of odd sizes, with an input: described by small plain
 * data, so that a failing one shrinks and can be read.
 */
import fc from "fast-check";
import type { Network, Op, PoolOp } from "../../ts/network.js";
import { activation, add, NetworkMaker, pool } from "../unit/core/networks.js";

type Piece =
  | { readonly kind: "linear"; readonly width: number; readonly bias: boolean }
  | { readonly kind: "norm"; readonly norm: "rms" | "layer"; readonly bias: boolean }
  | { readonly kind: "activation"; readonly activation: "silu" | "relu" | "gelu" }
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

export interface Case {
  readonly seed: number;
  readonly inputKind: "frames" | "tokens";
  /** Of a frame, or of the embedding. */
  readonly width: number;
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
);

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
  inputKind: fc.constantFrom("frames" as const, "tokens" as const),
  width,
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
  const isTokens = inputKind === "tokens";
  const network: Network = {
    inputKind,
    inputWidth: isTokens ? 1 : description.width,
    ops: new OpList(make, description).ops,
    convention: "random",
  };
  const input = isTokens ? make.tokens(frames, vocabulary) : make.frames(frames, description.width);
  return { network, input };
}

class OpList {
  readonly ops: Op[] = [];
  readonly #make: NetworkMaker;
  readonly #widths: number[];
  /** First value that may be read: 0, that of the embedding, or that of the pool. */
  #firstValue = 0;

  constructor(make: NetworkMaker, { inputKind, width, vocabulary, ...parts }: Case) {
    this.#make = make;
    this.#widths = [width];
    if (inputKind === "tokens") {
      this.#push(make.embedding("embedding", vocabulary, width), width);
      this.#firstValue = 1;
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
