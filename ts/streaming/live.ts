/**
 * A detector at the end of a port: takes what a feed posts, resamples it where it comes at another rate, and says after
 * each block what was found. For workers, of this package and of anybody. Knows neither microphones nor pages.
 */
import { MambaliteError } from "../core/errors.js";
import type { Detection, Detector } from "./detector.js";
import type { FeedMessage } from "./feed.js";
import { Resampler } from "./resampler.js";

/** After each block of input. */
export interface LiveNote {
  readonly detections: readonly Detection[];
  /** The averages of the last answer, one a label; zeros before the first. */
  readonly averages: Float32Array;
  readonly answers: number;
  /** Samples at the model's rate, or frames, since the start. */
  readonly inputs: number;
  /** What all of it took, of the worker's time. */
  readonly busyMs: number;
}

/** One line for a person, and the code of the error's class. */
export interface LiveProblem {
  readonly code: string;
  readonly message: string;
}

export interface LiveOptions {
  readonly detector: Detector;
  readonly source: MessagePort;
  /** `input` is at the model's rate. */
  readonly onNote: (note: LiveNote, input: Float32Array) => void;
  /** The first one is the last: nothing is taken after it. */
  readonly onProblem: (problem: LiveProblem) => void;
}

/** @returns what ends it; the detector is the caller's to dispose */
export function serveDetector(options: LiveOptions): () => void {
  const { detector, source, onNote, onProblem } = options;
  let resampler: Resampler | undefined;
  let [inputs, busyMs, isOver] = [0, 0, false];
  const stop = (): void => {
    isOver = true;
    source.close();
  };
  const take = (block: Float32Array): void => {
    const start = performance.now();
    const input = resampler?.push(block) ?? block;
    const detections = input.length > 0 ? detector.push(input) : [];
    inputs += input.length / detector.inputWidth;
    busyMs += performance.now() - start;
    const { answers } = detector;
    onNote({ detections, averages: detector.averages(), answers, inputs, busyMs }, input);
  };
  source.onmessage = ({ data }: MessageEvent<FeedMessage>) => {
    if (isOver) return;
    try {
      if (data instanceof Float32Array) take(data);
      else resampler = resamplerFor(data.rateHz, detector.rateHz);
    } catch (error) {
      stop();
      onProblem(problemOf(error));
    }
  };
  return stop;
}

export function problemOf(error: unknown): LiveProblem {
  const code = error instanceof MambaliteError ? error.code : "ERROR";
  return { code, message: error instanceof Error ? error.message : String(error) };
}

function resamplerFor(fromHz: number, toHz: number | undefined): Resampler | undefined {
  return toHz === undefined || fromHz === toHz ? undefined : new Resampler(fromHz, toHz);
}
