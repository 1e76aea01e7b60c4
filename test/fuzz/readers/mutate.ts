/** Makes the inputs of a reader: its seeds, damaged. Knows bytes, and no format. */
import { Random } from "./random.js";
import type { Mutation, ReaderTarget } from "./target.js";

/** The bounds of time and memory are for inputs below this. */
export const MAX_INPUT_BYTES = (1 << 20) - 1;

const MOST_MUTATIONS = 6;
/** Of all inputs, how many are damaged in the format's own way. */
const OWN_SHARE = 0.6;

/** The input of that number: the same for the same seed. */
export function makeInput(
  { mutations = [] }: ReaderTarget,
  seeds: readonly Uint8Array[],
  seed: number,
  index: number,
): Uint8Array {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ index);
  let bytes = random.pick(seeds).slice();
  if (mutations.length > 0 && random.chance(OWN_SHARE)) {
    for (let i = random.magnitude(MOST_MUTATIONS); i > 0; i--) {
      bytes = random.pick(mutations)(bytes, random).slice(0, MAX_INPUT_BYTES);
    }
    if (random.chance(OWN_SHARE)) return bytes;
  }
  for (let i = random.magnitude(MOST_MUTATIONS); i > 0; i--) {
    bytes = mutateBytes(bytes, random, seeds).slice(0, MAX_INPUT_BYTES);
  }
  return bytes;
}

function mutateBytes(bytes: Uint8Array, random: Random, seeds: readonly Uint8Array[]): Uint8Array {
  if (random.chance(1 / (GENERIC.length + 1))) return crossed(bytes, random.pick(seeds), random);
  return random.pick(GENERIC)(bytes, random);
}

/** The beginning of one file and the end of another. */
function crossed(a: Uint8Array, b: Uint8Array, random: Random): Uint8Array {
  return joined(a.subarray(0, random.below(a.length + 1)), b.subarray(random.below(b.length + 1)));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** `bytes` with those from `start` to `end` replaced. */
export function spliced(
  bytes: Uint8Array,
  start: number,
  end: number,
  middle: Uint8Array,
): Uint8Array {
  return joined(bytes.subarray(0, start), middle, bytes.subarray(end));
}

/** Sizes and counts at which readers go wrong. */
const NOTABLE = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0xffffn, 0x7fffffffn, 0xffffffffn]
  .flatMap((value) => [value, value + 1n])
  .concat([2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]);

const LONGEST_RUN = 64;

const GENERIC: readonly Mutation[] = [
  (bytes, random) => {
    if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
    return bytes;
  },
  (bytes, random) => {
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  overwriteNumber,
  overwriteNumber,
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const [start, end] = range(bytes, random);
    return spliced(bytes, start, end, new Uint8Array());
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    const run = Uint8Array.from({ length: random.magnitude(LONGEST_RUN) }, () => random.below(256));
    return spliced(bytes, at, at, run);
  },
  (bytes, random) => {
    const [start, end] = range(bytes, random);
    return spliced(bytes, start, start, repeated(bytes.subarray(start, end), random));
  },
];

/** A number of 1 to 8 bytes somewhere, in either order of bytes. */
function overwriteNumber(bytes: Uint8Array, random: Random): Uint8Array {
  const size = random.pick([1, 2, 4, 8]);
  if (bytes.length < size) return bytes;
  const at = random.below(bytes.length - size + 1);
  writeNumber(bytes, at, size, random.pick(NOTABLE), random.chance(0.5));
  return bytes;
}

export function writeNumber(
  bytes: Uint8Array,
  at: number,
  size: number,
  value: bigint,
  littleEndian: boolean,
): void {
  for (let i = 0; i < size; i++) {
    const byte = Number((value >> BigInt(8 * i)) & 0xffn);
    bytes[littleEndian ? at + i : at + size - 1 - i] = byte;
  }
}

export function notable(random: Random): bigint {
  return random.pick(NOTABLE);
}

function range(bytes: Uint8Array, random: Random): [number, number] {
  const start = random.below(bytes.length + 1);
  return [start, Math.min(bytes.length, start + random.magnitude(bytes.length + 1))];
}

/** Some bytes over and over, up to the largest input. */
function repeated(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return bytes;
  const copies = random.magnitude(MAX_INPUT_BYTES / bytes.length);
  const result = new Uint8Array(bytes.length * copies);
  for (let i = 0; i < copies; i++) result.set(bytes, i * bytes.length);
  return result;
}
