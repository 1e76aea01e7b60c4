/**
 * Checks what a caller gives a session as input, before the core sees any of it: element type,
 * length, finiteness, vocabulary. Knows nothing of how input reaches the core.
 */
import { BadInput, NonFinite } from "./errors.js";

/** Frames: float32 [T, inputWidth], row by row. Tokens: int32 [T]. Samples: float32 [T]. */
export type InputArray = Float32Array | Int32Array;

export interface InputOptions {
  /** Lets NaN and infinities through to the network. Default false. */
  readonly allowNonfinite?: boolean;
}

/** What a model takes; `inputWidth` is the elements of one frame, 1 for tokens and samples. */
export type InputShape = FramesInput | TokensInput | SamplesInput;

export interface FramesInput {
  readonly inputKind: "frames";
  readonly inputWidth: number;
}

export interface TokensInput {
  readonly inputKind: "tokens";
  readonly inputWidth: number;
  /** Tokens are 0 .. vocabulary - 1. */
  readonly vocabulary: number;
}

/** Frame t covers samples [t hopSamples, t hopSamples + windowSamples). */
export interface SamplesInput {
  readonly inputKind: "samples";
  readonly inputWidth: number;
  readonly sampleRateHz: number;
  readonly windowSamples: number;
  readonly hopSamples: number;
}

const ARRAY_TYPES = {
  frames: "Float32Array",
  tokens: "Int32Array",
  samples: "Float32Array",
} as const;

/** How a model's input becomes frames: a part of `Model.info`. */
export type FrameShape =
  | FramesInput
  | Omit<TokensInput, "vocabulary">
  | Omit<SamplesInput, "sampleRateHz">;

/** What an input is checked against. */
export type CheckedShape =
  | TokensInput
  | { readonly inputKind: "frames" | "samples"; readonly inputWidth: number };

/** Frames that the network makes of an input of `length` elements; of samples, the full windows. */
export function framesIn(shape: FrameShape, length: number): number {
  if (shape.inputKind !== "samples") return length / shape.inputWidth;
  const { windowSamples, hopSamples } = shape;
  return length < windowSamples ? 0 : 1 + Math.floor((length - windowSamples) / hopSamples);
}

/** Elements of the shortest input that makes `frames` frames, 1 or more. */
export function inputLength(shape: FrameShape, frames: number): number {
  if (shape.inputKind !== "samples") return frames * shape.inputWidth;
  return shape.windowSamples + (frames - 1) * shape.hopSamples;
}

/** Elements that may be fed to a session for one tile: they make at most `tile` frames. */
export function tileLength(shape: FrameShape, tile: number): number {
  return tile * (shape.inputKind === "samples" ? shape.hopSamples : shape.inputWidth);
}

/** Frames as given, tokens, or samples from one frame to the next. */
export function inputsPerFrame(shape: FrameShape): number {
  return shape.inputKind === "samples" ? shape.hopSamples : 1;
}

/** Inputs a second; only samples say it. */
export function rateOf(shape: InputShape): number | undefined {
  return shape.inputKind === "samples" ? shape.sampleRateHz : undefined;
}

/**
 * Number of frames, tokens or samples in `input`.
 * @throws as `checkShape` and, unless `allowNonfinite`, `checkFinite`
 */
export function checkInput(input: InputArray, shape: CheckedShape, options?: InputOptions): number {
  const frames = checkShape(input, shape);
  if (options?.allowNonfinite !== true) checkFinite(input, shape);
  return frames;
}

/**
 * Number of frames, tokens or samples in `input`, whose elements may be NaN or infinite.
 * @throws BadInput for another array type, a length that is no positive multiple of the width, or a
 * token outside the vocabulary
 */
export function checkShape(input: InputArray, shape: CheckedShape): number {
  const expected = ARRAY_TYPES[shape.inputKind];
  const got = arrayType(input);
  if (got !== expected) throw new BadInput(`a ${expected} of ${shape.inputKind}`, got);
  const frames = input.length / shape.inputWidth;
  if (frames === 0 || !Number.isInteger(frames)) throw badLength(input.length, shape);
  if (shape.inputKind === "tokens") checkTokens(input, shape.vocabulary);
  return frames;
}

/** @throws NonFinite for NaN and infinities, naming the first one's place */
export function checkFinite(input: InputArray, { inputWidth }: CheckedShape): void {
  const i = input.findIndex((value) => !Number.isFinite(value));
  if (i < 0) return;
  const place = inputWidth === 1 ? [i] : [Math.floor(i / inputWidth), i % inputWidth];
  throw new NonFinite("input", place, input[i]!);
}

const FULL_SCALE = 1 << 15;

/** Samples in [-1, 1) as 16-bit integers, halves up; what is outside is cut off. NaN is 0. */
export function to16Bits(samples: InputArray, target: Int16Array): void {
  samples.forEach((sample, i) => {
    const value = Math.floor(sample * FULL_SCALE + 0.5);
    target[i] = Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, value));
  });
}

/** Samples as a sensor of 16 bits would have given them; any other input as it is. */
export function as16Bits({ inputKind }: Pick<InputShape, "inputKind">, input: InputArray) {
  if (inputKind !== "samples") return input;
  const words = new Int16Array(input.length);
  to16Bits(input, words);
  return Float32Array.from(words, (word) => word / FULL_SCALE);
}

/** Whether 16 bits hold every sample exactly. */
export function has16Bits(samples: InputArray): boolean {
  return samples.every(
    (sample) =>
      Number.isInteger(sample * FULL_SCALE) && sample >= -1 && sample * FULL_SCALE < FULL_SCALE,
  );
}

/** Bytes as a view of bytes. @throws BadInput when they are something else. */
export function checkBytes(bytes: unknown, expected: string): Uint8Array {
  const type = arrayType(bytes);
  if (type === "Uint8Array") return bytes as Uint8Array;
  if (type === "ArrayBuffer") return new Uint8Array(bytes as ArrayBuffer);
  throw new BadInput(`${expected}, as Uint8Array or ArrayBuffer`, type);
}

/** By tag, not by class: arrays of another realm (a frame, a test runner's sandbox) are as good. */
function arrayType(input: unknown): string {
  return Object.prototype.toString.call(input).slice("[object ".length, -1);
}

function badLength(length: number, shape: CheckedShape): BadInput {
  const { inputKind, inputWidth } = shape;
  return new BadInput(
    inputKind !== "frames"
      ? `at least one ${inputKind.slice(0, -1)}`
      : `one or more frames of ${inputWidth} elements: a multiple of ${inputWidth}`,
    `${length} elements`,
  );
}

function checkTokens(tokens: InputArray, vocabulary: number): void {
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token >= 0 && token < vocabulary) continue;
    throw new BadInput(`tokens from 0 to ${vocabulary - 1}`, `${token} at position ${i}`);
  }
}
