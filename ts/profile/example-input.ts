/**
 * An input to profile with when the user brings none: the same numbers on every machine. Time and
 * memory do not depend on the values. Knows nothing of what a model was trained on.
 */

import { OutOfMemory } from "../core/errors.js";
import type { ModelInfo } from "../core/info.js";
import { type FrameShape, inputLength, type TokensInput } from "../core/input.js";

/** What a model takes: a part of `Model.info`. */
export type InputKind = Exclude<FrameShape, { readonly inputKind: "tokens" }> | TokensInput;

export const DEFAULT_FRAMES = 100;

/** Frames of an input when nobody says how many: as many as the network is defined for. */
export function defaultFrames(info: Pick<ModelInfo, "minFrames" | "maxFrames">): number {
  const { minFrames, maxFrames } = info;
  const most = maxFrames === 0 ? Number.POSITIVE_INFINITY : maxFrames;
  return Math.min(Math.max(DEFAULT_FRAMES, minFrames), most);
}

const SEED = 0x4d4c4d;

/**
 * What makes `frames` frames: numbers in [-1, 1), or tokens of the whole vocabulary.
 *
 * @throws OutOfMemory
 */
export function exampleInput(kind: InputKind, frames: number): Float32Array | Int32Array {
  const random = xorshift32(SEED);
  if (kind.inputKind === "tokens") {
    return allocate(Int32Array, frames).map(() => random() % kind.vocabulary);
  }
  return allocate(Float32Array, inputLength(kind, frames)).map(() => random() / 2 ** 31 - 1);
}

function allocate<T>(type: new (length: number) => T, length: number): T {
  try {
    return new type(length);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new OutOfMemory(4 * length, "the generated input", { cause });
  }
}

/** Marsaglia's xorshift generator (J. Stat. Soft. 8, 14): integers 1 .. 2^32 - 1. */
function xorshift32(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
