/**
 * What values are to become, decided before any of them is made: 16 or 32 bits by what reads them, and exponents
 * by how large they were seen, with values that meet in sums on one exponent. Knows what each kind of op reads best.
 */
import type { Encoded, EncodedOp } from "../blob/encode.js";
import type { Value } from "../graph/tensor.js";
import { exponent16, exponent32 } from "./exponents.js";
import { isMove } from "./kinds.js";
import type { Observation } from "./observe.js";

/** Where functions are read from a table, their argument has at most so many digits behind the point ... */
const MOST_TABLE_EXPONENT = 15;
/** Bits that the epsilon of a norm may have. */
const EPSILON_BITS = 61;

export class Wants {
  readonly #readers: readonly Reader[][];
  readonly #wide: boolean[];
  readonly #exponents32: number[];

  constructor(
    readonly encoded: Encoded,
    readonly seen: Observation,
    readonly isFloat: (op: EncodedOp) => boolean,
  ) {
    this.#readers = readersOf(encoded);
    this.#wide = this.#widths();
    this.#exponents32 = this.#groupExponents();
  }

  /** Ops that read a value. */
  readers(value: Value): readonly Reader[] {
    return this.#readers[value] as Reader[];
  }

  /** Whether 32 bits suit the readers of a value better than 16. */
  isWide(value: Value): boolean {
    return this.#wide[value] as boolean;
  }

  exponent32(value: Value): number {
    return this.#exponents32[value] as number;
  }

  exponent16(value: Value): number {
    return exponent16(this.#sizeOf(value), this.#mostExponent16(value));
  }

  #sizeOf(value: Value): number {
    return (this.seen.values[value] as { largest: number }).largest;
  }

  #mostExponent16(value: Value): number | undefined {
    const isTabled = this.readers(value).some(({ op }) => op.primitive.name === "activation");
    return isTabled ? MOST_TABLE_EXPONENT : undefined;
  }

  /** From the last op on, as what reads a value may do with either what it is read with itself. */
  #widths(): boolean[] {
    const wide: boolean[] = new Array(this.encoded.ops.length + 1).fill(false);
    for (let value = wide.length - 1; value >= 0; value--) {
      const isOutput = this.encoded.outputs.some((output) => output.value === value);
      wide[value] = isOutput || this.readers(value).some((reader) => this.#readsWide(reader, wide));
    }
    return wide;
  }

  #readsWide({ op, index, input }: Reader, wide: readonly boolean[]): boolean {
    if (this.isFloat(op) || isMove(op.primitive)) return true;
    switch (op.primitive.name) {
      case "norm":
      case "arithmetic":
      case "pool":
        return true;
      case "gate":
        return input === 0;
      case "activation":
        return isRelu(op) && (wide[index + 1] as boolean);
      default:
        return false;
    }
  }

  /** Values that are added, compared or put side by side have one exponent, that of the largest. */
  #groupExponents(): number[] {
    const own = this.seen.values.map((_, value) =>
      exponent32(this.#sizeOf(value), this.#mostExponent32(value)),
    );
    const group = own.map((_, value) => value);
    const rootOf = (value: number): number => {
      let root = value;
      while (group[root] !== root) root = group[root] as number;
      return root;
    };
    for (const [index, op] of this.encoded.ops.entries()) {
      if (!ties(op) || this.isFloat(op)) continue;
      for (const input of op.inputs) group[rootOf(input)] = rootOf(index + 1);
    }
    const least = [...own];
    for (const [value, exponent] of own.entries()) {
      const root = rootOf(value);
      least[root] = Math.min(least[root] as number, exponent);
    }
    return own.map((_, value) => least[rootOf(value)] as number);
  }

  #mostExponent32(value: Value): number | undefined {
    const norms = this.readers(value).filter(({ op }) => op.primitive.name === "norm");
    if (norms.length === 0) return undefined;
    const epsilons = norms.map(({ op }) => op.width * floatOf(op.attributes[0] as number));
    return Math.floor((EPSILON_BITS - Math.log2(Math.max(...epsilons))) / 2);
  }
}

export interface Reader {
  readonly op: EncodedOp;
  readonly index: number;
  /** Which of its inputs it is. */
  readonly input: number;
}

function readersOf({ ops }: Encoded): Reader[][] {
  const readers: Reader[][] = Array.from({ length: ops.length + 1 }, () => []);
  for (const [index, op] of ops.entries()) {
    for (const [input, value] of op.inputs.entries()) readers[value]?.push({ op, index, input });
  }
  return readers;
}

function isRelu({ primitive, variant }: EncodedOp): boolean {
  return primitive.variants?.[variant] === "relu";
}

const TYING_ARITHMETIC = ["add", "subtract", "maximum", "minimum"];

function ties({ primitive, variant }: EncodedOp): boolean {
  const { name, variants } = primitive;
  if (name === "arithmetic") return TYING_ARITHMETIC.includes(variants?.[variant] ?? "");
  return name === "concat" || (isMove(primitive) && primitive.paced !== true);
}

const FLOAT_BYTES = 4;

/** A float attribute, which ops have as its bits. */
export function floatOf(word: number): number {
  const view = new DataView(new ArrayBuffer(FLOAT_BYTES));
  view.setUint32(0, word);
  return view.getFloat32(0);
}
