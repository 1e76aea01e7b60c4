/**
 * A detector: what is heard or felt in a stream that never ends, and when. Drives sessions of the core and gives
 * their answers to the core's events, as csrc/detector does on a board: the same events, bit for bit.
 */

import type { Engine } from "../core/engine.js";
import type { Events, Fired } from "../core/events.js";
import type { InputArray, InputShape } from "../core/input.js";
import { rateOf } from "../core/input.js";
import type { Model } from "../core/model.js";
import { type AnswerSource, aligned, answerSource, type SourceOptions } from "./answer-source.js";
import { assertRate } from "./detector-checks.js";
import { defaultThresholds } from "./thresholds.js";

export interface DetectorOptions extends SourceOptions {
  /**
   * A running model's blob (`runningNetwork`), or one that takes windows: of frames, or of samples where there is no
   * `front`, whose front end then sees each sample once a window. Its logits are made probabilities.
   */
  readonly model: Uint8Array;
  /** Of windows: what makes frames of samples, where the stream is of samples. */
  readonly front?: Uint8Array;
  /** Inputs a second, for the times of events; default: the model's, where it is of samples. */
  readonly rateHz?: number;
  /** Answers that are averaged. Default 3. */
  readonly smooth?: number;
  /** Answers after an event in which its class does not fire again. Default 5. */
  readonly holdOff?: number;
  /** By label or for all, from 0 to 1; above 1: never. Default 0.7, and never for labels in underscores. */
  readonly thresholds?: number | Readonly<Record<string, number>>;
}

export interface Detection {
  readonly label: string;
  readonly classIndex: number;
  /** The average of the last answers, 0 to 1. */
  readonly confidence: number;
  /** Of the stream, up to the end of what the answer was made from. */
  readonly inputs: number;
  /** The same in seconds; NaN where no rate is known. */
  readonly seconds: number;
}

/** All that a detector in C is told, but for its models. */
export interface DetectorSetup {
  readonly tile: number;
  /** Of windows, in frames; 0 and 0 for a running model. */
  readonly windowFrames: number;
  readonly hopFrames: number;
  readonly smooth: number;
  readonly holdOff: number;
  /** One a label. */
  readonly thresholds: readonly number[];
  /** All of its memory on a board, exactly. */
  readonly arenaBytes: number;
}

const SMOOTH = 3;
const HOLD_OFF = 5;

/** sizeof(mlm_detector), which begins its memory: its pointers take 8 bytes on every machine. */
const BOOKKEEPING_BYTES = 112;

/** @throws BadArgument (models that do not fit one another, options), BadModel, OutOfMemory */
export async function createDetector(engine: Engine, options: DetectorOptions): Promise<Detector> {
  const model = await engine.loadModel(options.model);
  const front = options.front && (await engine.loadModel(options.front));
  try {
    return new Detector(model, front, options);
  } catch (cause) {
    model.dispose();
    front?.dispose();
    throw cause;
  }
}

export class Detector {
  readonly labels: readonly string[];
  readonly rateHz: number | undefined;
  readonly inputKind: InputShape["inputKind"];
  /** Elements of an input: 1 of samples, the width of frames. */
  readonly inputWidth: number;
  readonly #models: readonly Model[];
  readonly #source: AnswerSource;
  readonly #events: Events;
  /** All that a detector in C is told, but for its models. */
  readonly setup: DetectorSetup;
  #answers = 0;

  /** Made by `createDetector`, which gives it its models. */
  constructor(model: Model, front: Model | undefined, options: DetectorOptions) {
    assertRate(options.rateHz);
    const [output] = model.info.outputs;
    this.#source = answerSource(model, front, options);
    const width = output?.width ?? 0;
    this.labels =
      model.labels.length > 0 ? model.labels : Array.from({ length: width }, (_, i) => `${i}`);
    this.rateHz = options.rateHz ?? rateOf((front ?? model).info);
    this.inputKind = (front ?? model).info.inputKind;
    this.inputWidth = (front ?? model).info.inputWidth;
    this.#models = front === undefined ? [model] : [model, front];
    const events = {
      thresholds: defaultThresholds(this.labels, options.thresholds),
      smooth: options.smooth ?? SMOOTH,
      holdOff: options.holdOff ?? HOLD_OFF,
    };
    this.#events = model.createEvents(events);
    const { tile, windowFrames, hopFrames, arenaBytes } = this.#source;
    this.setup = {
      ...events,
      ...{ tile, windowFrames, hopFrames },
      arenaBytes: BOOKKEEPING_BYTES + arenaBytes + aligned(this.#events.bytes),
    };
  }

  /** Bytes that it has on a board, all of it but code and blobs, exactly. */
  get arenaBytes(): number {
    return this.setup.arenaBytes;
  }

  /** Answers so far. */
  get answers(): number {
    return this.#answers;
  }

  /** The averages of the last answer, one a label. */
  averages(): Float32Array {
    return this.#events.averages();
  }

  /**
   * Takes further inputs, any number, in any portions, for ever.
   * @returns what has fired
   * @throws BadInput, NonFinite, Disposed
   */
  push(input: InputArray): Detection[] {
    const detections: Detection[] = [];
    this.#source.push(input, (probabilities) => {
      const fired = this.#events.take(probabilities);
      if (fired !== undefined) detections.push(this.#detection(fired));
      this.#answers++;
    });
    return detections;
  }

  /** As if nothing had been pushed. */
  reset(): void {
    this.#source.reset();
    this.#events.reset();
    this.#answers = 0;
  }

  /** Gives all memory back. */
  dispose(): void {
    for (const model of this.#models) model.dispose();
  }

  #detection({ classIndex, confidence }: Fired): Detection {
    const inputs = this.#source.time(this.#answers);
    const seconds = this.rateHz === undefined ? Number.NaN : inputs / this.rateHz;
    return { label: this.labels[classIndex]!, classIndex, confidence, inputs, seconds };
  }
}
