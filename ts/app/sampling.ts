/**
 * How input becomes network frames: one row a frame, one token a frame, or a window of samples every
 * hop. Knows the sizes a model states about itself and nothing of what is in an input.
 */
import type { ModelInfo } from "../index.js";

export interface Sampling {
  readonly kind: "frames" | "tokens" | "samples";
  /** Elements of one frame of "frames", else 1. */
  readonly width: number;
  /** Elements of input from one frame to the next. */
  readonly hop: number;
  /** Elements that the first frame needs. */
  readonly window: number;
  /** Of "samples"; 0: not known. */
  readonly rateHz: number;
}

/** What `info` of a model with an audio front end says in addition. */
interface SampleInfo {
  readonly sampleRateHz?: number;
  readonly windowSamples?: number;
  readonly hopSamples?: number;
}

/** Network frames a second of audio has when nothing better is known. */
const DEFAULT_FRAMES = 100;

export function samplingOf(info: ModelInfo): Sampling {
  const kind: string = info.inputKind;
  if (kind !== "samples") {
    const width = info.inputWidth;
    return { kind: info.inputKind, width, hop: width, window: width, rateHz: 0 };
  }
  const { sampleRateHz = 0, windowSamples = 1, hopSamples = 1 } = info as SampleInfo;
  return { kind: "samples", width: 1, hop: hopSamples, window: windowSamples, rateHz: sampleRateHz };
}

/** Complete frames in `elements` of input. */
export function framesIn({ window, hop }: Sampling, elements: number): number {
  return elements < window ? 0 : Math.floor((elements - window) / hop) + 1;
}

/** Elements of input that exactly `frames` frames need. */
export function elementsFor({ window, hop }: Sampling, frames: number): number {
  return window + (frames - 1) * hop;
}

/** A length to profile with: one second of audio, else as on the command line. */
export function usualFrames(sampling: Sampling): number {
  if (sampling.kind !== "samples" || sampling.rateHz === 0) return DEFAULT_FRAMES;
  return Math.max(1, framesIn(sampling, sampling.rateHz));
}
