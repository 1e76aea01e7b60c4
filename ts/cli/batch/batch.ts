/**
 * Many inputs for one model, as plain data that can be sent to another thread, and how one of them is
 * read. Knows nothing of threads, and nothing of what is done with the outputs.
 */
import type { InputArray } from "../../core/input.js";
import type { Outputs } from "../../core/outputs.js";
import type { SessionOptions } from "../../core/plan.js";
import type { Session } from "../../core/session.js";
import { paddedClip } from "../../open/inputs.js";
import { inFile, readBytes } from "../files.js";
import type { SimdChoice } from "../options.js";

/** Sequences of one length, one behind the other. */
export interface Sequences {
  readonly kind: "sequences";
  readonly count: number;
  readonly data: InputArray;
}

/** Files of audio, each followed by zeros up to `samples` samples. */
export interface Clips {
  readonly kind: "clips";
  readonly count: number;
  readonly paths: readonly string[];
  readonly samples: number;
  readonly sampleRateHz: number;
}

export type Items = Sequences | Clips;

export interface Batch {
  readonly items: Items;
  readonly blob: Uint8Array;
  readonly simd: SimdChoice;
  readonly session: SessionOptions;
  readonly allowNonfinite: boolean;
}

/**
 * The outputs of item `index`.
 * @throws FileProblem for a clip that cannot be used, and what `Session.run` throws
 */
export async function runItem(
  session: Session,
  { items, allowNonfinite }: Batch,
  index: number,
): Promise<Outputs> {
  return session.run(await readItem(items, index), { allowNonfinite });
}

/** Item `index` as `Session.run` takes it. @throws FileProblem for a clip that cannot be used */
export function readItem(items: Items, index: number): InputArray | Promise<InputArray> {
  return items.kind === "clips" ? readClip(items, index) : sequence(items, index);
}

function sequence({ data, count }: Sequences, index: number): InputArray {
  const length = data.length / count;
  return data.subarray(index * length, (index + 1) * length);
}

function readClip({ paths, samples, sampleRateHz }: Clips, index: number): Promise<Float32Array> {
  const path = paths[index]!;
  return inFile(path, () => paddedClip(readBytes(path), sampleRateHz, samples, "--samples"));
}
