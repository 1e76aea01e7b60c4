/**
 * Inputs in a file, for command line, page and API alike: its bytes become sequences that fit a model. Knows nothing of
 * where the bytes come from or of what the sequences are run for.
 */
import { isAudio, readAudio } from "../audio/index.js";
import { readNpy } from "../checkpoint/npy.js";
import { BadFile, BadInput, NonFinite, OutOfMemory } from "../core/errors.js";
import { framesIn, type InputShape, inputLength } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { ModuleShapes } from "../graph/shapes.js";
import { hasText, looksLike } from "../looks-like.js";
import { moduleShapesOf } from "../profile/index.js";
import { fromModuleShape } from "./module-input.js";

const NPY_MAGIC = "\x93NUMPY";

/** Sequences of one length, each as `Session.run` takes it. */
export interface Inputs {
  /** That the network makes of each. */
  readonly frames: number;
  readonly sequences: readonly (Float32Array | Int32Array)[];
  /** All of them, one behind the other. */
  readonly data: Float32Array | Int32Array;
}

export type ModelInput = InputShape & {
  /** Of the module that the model was exported from: its inputs come in them. */
  readonly shapes?: ModuleShapes;
};

/** What a model takes, in the shape of its module where it has one. */
export function takenBy(model: Pick<Model, "info" | "metadata">): ModelInput {
  const shapes = moduleShapesOf(model);
  return shapes === undefined ? model.info : { ...model.info, shapes };
}

/**
 * A `.npy` of float32 `[T, F]` or `[N, T, F]`, of integer tokens `[T]` or `[N, T]`, or of
 * float32 samples `[S]` or `[N, S]`; samples also from one `.wav` or `.flac`. Told apart by content. A model that
 * was exported takes arrays in its module's own shape, with or without the batch.
 *
 * @throws BadFile, BadInput, and (unless `allowNonfinite`) NonFinite
 */
export function inputsOf(bytes: Uint8Array, model: ModelInput, allowNonfinite: boolean): Inputs {
  const read = isAudio(bytes) ? readClip(bytes, model) : readArray(bytes, model);
  const { data, shape } =
    model.shapes === undefined ? read : fromModuleShape(read, model, model.shapes);
  requireElements(model, data, shape);
  if (data instanceof Float32Array && !allowNonfinite) requireFinite(data, shape);
  return split(data, shape, model);
}

/**
 * A clip followed by zeros up to `samples`.
 * @param option what the caller calls that number, for the message
 * @throws BadFile, BadInput (longer ones, another rate, several channels)
 */
export function paddedClip(
  bytes: Uint8Array,
  sampleRateHz: number,
  samples: number,
  option: string,
): Float32Array {
  const clip = readAudio(bytes, sampleRateHz);
  if (clip.length > samples) {
    throw new BadInput(`a clip of at most ${samples} samples (${option})`, `${clip.length}`);
  }
  const padded = silence(samples);
  padded.set(clip);
  return padded;
}

function silence(samples: number): Float32Array {
  try {
    return new Float32Array(samples);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const bytes = samples * Float32Array.BYTES_PER_ELEMENT;
    throw new OutOfMemory(bytes, `a clip of ${samples} samples`, { cause });
  }
}

/** What is no array either is named for all that a model of samples takes. */
function readArray(bytes: Uint8Array, { inputKind }: ModelInput) {
  if (inputKind === "samples" && !hasText(bytes, 0, NPY_MAGIC)) {
    throw new BadFile("npy, WAV or FLAC", looksLike(bytes));
  }
  return readNpy(bytes);
}

function readClip(
  bytes: Uint8Array,
  model: ModelInput,
): { data: Float32Array; shape: readonly number[] } {
  if (model.inputKind !== "samples") throw new BadInput(`a .npy of ${model.inputKind}`, "audio");
  const data = readAudio(bytes, model.sampleRateHz);
  return { data, shape: [data.length] };
}

function requireElements(
  model: ModelInput,
  data: Float32Array | Int32Array,
  shape: readonly number[],
): void {
  const { inputKind, inputWidth } = model;
  const isFloat = data instanceof Float32Array;
  const got = `${isFloat ? "floating-point" : "integer"} [${shape.join(", ")}]`;
  if (inputKind === "tokens") {
    if (isFloat || shape.length < 1 || shape.length > 2) {
      throw new BadInput("integer tokens [T] or [N, T]", got);
    }
  } else if (inputKind === "samples") {
    if (!isFloat || shape.length < 1 || shape.length > 2) {
      throw new BadInput("float32 samples [S] or [N, S]", got);
    }
  } else if (
    !isFloat ||
    shape.length < 2 ||
    shape.length > 3 ||
    shape[shape.length - 1] !== inputWidth
  ) {
    const isTurned = isFloat && shape.at(-2) === inputWidth && shape.length <= 3;
    const hint = isTurned ? ", whose time is last: transpose it" : "";
    throw new BadInput(`float32 [T, ${inputWidth}] or [N, T, ${inputWidth}]`, got + hint);
  }
  if (data.length === 0) throw new BadInput("at least one sequence of one frame", got);
}

function requireFinite(data: Float32Array, shape: readonly number[]): void {
  const index = data.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) throw new NonFinite("input", position(index, shape), data[index] as number);
}

/** Row-major: the last index runs fastest. */
function position(index: number, shape: readonly number[]): number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const at = rest % size;
      rest = Math.floor(rest / size);
      return at;
    })
    .reverse();
}

function split(
  data: Float32Array | Int32Array,
  shape: readonly number[],
  model: ModelInput,
): Inputs {
  const hasBatch = shape.length === (model.inputKind === "frames" ? 3 : 2);
  const count = hasBatch ? (shape[0] as number) : 1;
  const length = data.length / count;
  const frames = framesIn(model, length);
  if (frames === 0) {
    throw new BadInput(`at least ${inputLength(model, 1)} samples, a window`, `${length}`);
  }
  const sequences = Array.from({ length: count }, (_, i) =>
    data.subarray(i * length, (i + 1) * length),
  );
  return { frames, sequences, data };
}
