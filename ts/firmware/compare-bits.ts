/**
 * Are outputs of several images and builds the same, bit for bit? Knows bits as text and nothing of how they
 * were made.
 */
import { BitsDiffer } from "./errors.js";

/** All outputs of each input, 8 hex digits an element. */
type Bits = readonly (readonly string[])[];

export interface Comparison {
  readonly target: string;
  readonly images: readonly { readonly name: string; readonly bits: Bits }[];
  /** Of WebAssembly: the first one is what everything else is compared with. */
  readonly simulations: readonly Bits[];
  readonly elementName: (index: number) => string;
}

/** Inputs whose bits are the same everywhere. @throws BitsDiffer unless all are */
export function compareBits({ target, images, simulations, elementName }: Comparison): number {
  const reference = simulations[0]!;
  const others = [
    ...images,
    ...simulations.slice(1).map((bits) => ({ name: "another WebAssembly build", bits })),
  ];
  const differences = reference.map((expected, item) => {
    for (const { name, bits } of others) {
      const got = bits[item] ?? [];
      const index = firstDifference(expected, got);
      if (index === undefined) continue;
      return (
        `input ${item}, ${elementName(index)} is ${got[index] ?? "absent"} (${name}), ` +
        `WebAssembly gives ${expected[index] ?? "no such element"}`
      );
    }
    return undefined;
  });
  const equal = differences.filter((difference) => difference === undefined).length;
  const first = differences.find((difference) => difference !== undefined);
  if (first !== undefined) throw new BitsDiffer(target, reference.length, equal, first);
  return equal;
}

function firstDifference(expected: readonly string[], got: readonly string[]): number | undefined {
  const length = Math.max(expected.length, got.length);
  for (let i = 0; i < length; i++) if (!isSame(expected[i], got[i])) return i;
  return undefined;
}

/** NaN payloads are no part of the contract. */
function isSame(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && isNaNBits(a) && isNaNBits(b));
}

function isNaNBits(bits: string): boolean {
  const word = Number.parseInt(bits, 16) & 0x7fffffff;
  return word > 0x7f800000;
}
