/**
 * Reads a file into sequences that a model takes: arrays (.npy), of an exported model in its module's shape, and, for models of samples, audio
 * (.wav). Knows nothing of what they are run for.
 */
import { monoSamples } from "../../audio/recording.js";
import { isWav, readWav } from "../../audio/wav.js";
import { readNpy } from "../../checkpoint/index.js";
import { BadInput, NonFinite } from "../../core/errors.js";
import { framesIn, inputLength } from "../../core/input.js";
import type { ModuleShapes } from "../../graph/shapes.js";
import type { ModelInfo } from "../../index.js";
import { fromModuleShape } from "../../module-input.js";

export type Sequence = Float32Array | Int32Array;

/** Sequences of one length. */
export interface Sequences {
  readonly frames: number;
  readonly sequences: readonly Sequence[];
}

/** @throws BadFile, BadInput, NonFinite */
export function readSequences(
  bytes: Uint8Array,
  info: ModelInfo,
  shapes?: ModuleShapes,
): Sequences {
  if (isWav(bytes)) return fromWav(bytes, info);
  const read = readNpy(bytes);
  const { data, shape } = shapes === undefined ? read : fromModuleShape(read, info, shapes);
  if (data instanceof Float32Array) requireFinite(data);
  const rank = requireShape(data, shape, info);
  const count = shape.length === rank ? 1 : (shape[0] ?? 0);
  const length = data.length / count;
  const frames = framesIn(info, length);
  if (frames < 1) {
    throw new BadInput(`at least ${inputLength(info, 1)} elements`, `${length} elements`);
  }
  const sequences = Array.from({ length: count }, (_, i) =>
    data.subarray(i * length, (i + 1) * length),
  );
  return { frames, sequences };
}

function fromWav(bytes: Uint8Array, info: ModelInfo): Sequences {
  if (info.inputKind !== "samples") {
    throw new BadInput(`${info.inputKind}, as .npy: this model does not hear`, "a WAV file");
  }
  const samples = monoSamples(readWav(bytes), info.sampleRateHz);
  requireFinite(samples);
  const frames = framesIn(info, samples.length);
  if (frames < 1) {
    throw new BadInput(`at least ${info.windowSamples} samples, a window`, `${samples.length}`);
  }
  return { frames, sequences: [samples] };
}

const EXPECTED = {
  frames: (width: number) => `float32 [T, ${width}] or [N, T, ${width}]`,
  tokens: () => "integer tokens [T] or [N, T]",
  samples: () => "float32 samples [T] or [N, T], or a .wav",
} as const;

/** Dimensions of one sequence. */
function requireShape(
  data: Sequence,
  shape: readonly number[],
  { inputKind: kind, inputWidth: width }: ModelInfo,
): number {
  const rank = kind === "frames" ? 2 : 1;
  const isFloat = data instanceof Float32Array;
  const hasType = isFloat === (kind !== "tokens");
  const hasRank = shape.length === rank || shape.length === rank + 1;
  const hasWidth = kind !== "frames" || shape.at(-1) === width;
  if (hasType && hasRank && hasWidth && data.length > 0) return rank;
  const type = isFloat ? "floating-point" : "integer";
  throw new BadInput(EXPECTED[kind](width), `${type} [${shape.join(", ")}]`);
}

function requireFinite(data: Float32Array): void {
  const index = data.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) throw new NonFinite("input", [index], data[index] ?? Number.NaN);
}
