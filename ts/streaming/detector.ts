/**
 * A detector: what is heard or felt in a stream that never ends, and when. Drives sessions of the core and gives
 * their answers to the core's events, as csrc/detector does on a board: the same events, bit for bit.
 */

import { softmax } from "../core/classify.js";
import type { Engine } from "../core/engine.js";
import { BadArgument } from "../core/errors.js";
import type { Events, Fired } from "../core/events.js";
import { checkInput, type InputArray, inputLength, tileLength } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Session, Step } from "../core/session.js";
import { defaultThresholds } from "./thresholds.js";

export interface DetectorOptions {
  /**
   * A running model's blob (`runningNetwork`), or one that takes windows: of frames, or of samples where there is no
   * `front`, whose front end then sees each sample once a window. Its logits are made probabilities.
   */
  readonly model: Uint8Array;
  /** Of windows: what makes frames of samples, where the stream is of samples. */
  readonly front?: Uint8Array;
  /** Of windows, in frames; none for a running model, which has them inside. */
  readonly windowFrames?: number;
  readonly hopFrames?: number;
  /** Inputs a second, for the times of events; default: the model's, where it is of samples. */
  readonly rateHz?: number;
  /** Answers that are averaged. Default 3. */
  readonly smooth?: number;
  /** Answers after an event in which its class does not fire again. Default 5. */
  readonly holdOff?: number;
  /** By label or for all, from 0 to 1; above 1: never. Default 0.7, and never for labels in underscores. */
  readonly thresholds?: number | Readonly<Record<string, number>>;
  /** Frames processed together. Default 1. */
  readonly tile?: number;
  /** Of audio, for whoever shows it: each frame as the front end makes it; valid until it returns. */
  readonly onFrame?: (frame: Float32Array) => void;
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

/** What makes answers: rows of probabilities. */
interface Source {
  readonly windowFrames: number;
  readonly hopFrames: number;
  /** Inputs up to the end of answer `index`, from 0. */
  time(index: number): number;
  push(input: InputArray, take: (probabilities: Float32Array) => void): void;
  reset(): void;
  readonly arenaBytes: number;
}

const NO_ROWS = new Float32Array(0);
const SMOOTH = 3;
const HOLD_OFF = 5;
const TILE = 1;

/** sizeof(mlm_detector), which begins its memory: its pointers take 8 bytes on every machine. */
const BOOKKEEPING_BYTES = 112;
/** MLM_ALIGNMENT: every part of the memory is rounded up to it. */
const ALIGNMENT = 16;

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

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
  /** Elements of an input: 1 of samples, the width of frames. */
  readonly inputWidth: number;
  readonly #models: readonly Model[];
  readonly #source: Source;
  readonly #events: Events;
  /** All that a detector in C is told, but for its models. */
  readonly setup: DetectorSetup;
  #answers = 0;

  /** Made by `createDetector`, which gives it its models. */
  constructor(model: Model, front: Model | undefined, options: DetectorOptions) {
    const [output] = model.info.outputs;
    const isRunning = output?.isSequence === true;
    this.#source = isRunning
      ? new RunningSource(model, front, options)
      : new WindowSource(model, front, options);
    const width = output?.width ?? 0;
    this.labels =
      model.labels.length > 0 ? model.labels : Array.from({ length: width }, (_, i) => `${i}`);
    this.rateHz = options.rateHz ?? ((front ?? model).info.sampleRateHz || undefined);
    this.inputWidth = (front ?? model).info.inputWidth;
    this.#models = front === undefined ? [model] : [model, front];
    const events = {
      thresholds: defaultThresholds(this.labels, options.thresholds),
      smooth: options.smooth ?? SMOOTH,
      holdOff: options.holdOff ?? HOLD_OFF,
    };
    this.#events = model.createEvents(events);
    const { windowFrames, hopFrames, arenaBytes } = this.#source;
    this.setup = {
      ...events,
      ...{ tile: options.tile ?? TILE, windowFrames, hopFrames },
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

/** Inputs until output 0 has so many rows, where it has them at equal distances behind the second one. */
function timesOf(model: Model): (row: number) => number {
  const [first, second, third] = [1, 2, 3].map((rows) => model.inputsFor(rows));
  return (row) => (row === 0 ? first! : second! + (row - 1) * (third! - second!));
}

/** One session, whose output is a sequence of answers. */
class RunningSource implements Source {
  readonly windowFrames = 0;
  readonly hopFrames = 0;
  readonly #tile: number;
  readonly #rowFrames: number;
  readonly #session: Session;
  readonly #width: number;
  readonly #observer: FrameObserver | undefined;
  readonly time: (index: number) => number;

  constructor(model: Model, front: Model | undefined, options: DetectorOptions) {
    const given = front ?? options.windowFrames ?? options.hopFrames;
    if (given !== undefined) {
      throw new BadArgument("a running model", "neither front nor window nor hop", "one of them");
    }
    assertEndless(model);
    this.#tile = options.tile ?? TILE;
    this.#session = model.createSession({ tile: this.#tile });
    this.#width = model.info.outputs[0]!.width;
    this.#observer = options.onFrame && new FrameObserver(model, this.#session, options.onFrame);
    this.time = timesOf(model);
    this.#rowFrames = (this.time(2) - this.time(1)) / (model.info.hopSamples || 1);
  }

  /** The session's, and rows for all answers that a tile can make. */
  get arenaBytes(): number {
    const rows = 1 + Math.floor((this.#tile - 1) / this.#rowFrames);
    const rowBytes = this.#width * Float32Array.BYTES_PER_ELEMENT;
    return aligned(this.#session.plan.arenaBytes) + aligned(rows * rowBytes);
  }

  push(input: InputArray, take: (probabilities: Float32Array) => void): void {
    this.#session.forget();
    const answers = this.#observer?.push(input) ?? this.#session.push(input)[0]?.data ?? NO_ROWS;
    for (let i = 0; i < answers.length; i += this.#width) {
      take(answers.subarray(i, i + this.#width));
    }
  }

  reset(): void {
    this.#session.reset();
  }
}

/** Pushes input by single operators, and shows what the front end makes, which is gone when a frame is done. */
class FrameObserver {
  readonly #session: Session;
  readonly #info: Model["info"];
  readonly #frontEnd: number;
  readonly #last: number;
  readonly #onFrame: (frame: Float32Array) => void;

  constructor(model: Model, session: Session, onFrame: (frame: Float32Array) => void) {
    const operators = model.operators(session.plan.schedule);
    this.#session = session;
    this.#info = model.info;
    this.#frontEnd = operators.findIndex(({ name }) => name.startsWith("logmel"));
    this.#last = operators.length - 1;
    this.#onFrame = onFrame;
  }

  /** @returns rows of output */
  push(input: InputArray): Float32Array {
    checkInput(input, this.#info);
    const portion = tileLength(this.#info, this.#session.plan.tile);
    const answers: number[] = [];
    for (let at = 0; at < input.length; at += portion) {
      this.#session.feed(input.subarray(at, at + portion));
      for (let step = this.#session.step(); step !== undefined; step = this.#session.step()) {
        if (step.operatorIndex === this.#last) answers.push(...step.output());
        if (step.operatorIndex === this.#frontEnd) this.#show(step);
      }
    }
    return Float32Array.from(answers);
  }

  #show(step: Step): void {
    const rows = step.output();
    for (let at = 0; at < rows.length; at += step.width) {
      this.#onFrame(rows.subarray(at, at + step.width));
    }
  }
}

/** Windows from an empty state, over a ring of what they are made of: frames that were made once, or inputs. */
class WindowSource implements Source {
  readonly #front: Session | undefined;
  readonly #model: Session;
  readonly #info: Model["info"];
  readonly #endsInSoftmax: boolean;
  readonly #ring: Float32Array;
  readonly windowFrames: number;
  readonly hopFrames: number;
  readonly #tile: number;
  /** Elements of the ring between answers. */
  readonly #hop: number;
  readonly #onFrame: DetectorOptions["onFrame"];
  #next = 0;
  #until: number;
  readonly time: (index: number) => number;

  constructor(model: Model, front: Model | undefined, options: DetectorOptions) {
    const { windowFrames = 0, hopFrames = 0, tile = TILE } = options;
    assertWindow(model, windowFrames, hopFrames);
    if (front !== undefined) assertFront(front, model);
    this.windowFrames = windowFrames;
    this.hopFrames = hopFrames;
    this.#tile = tile;
    this.#info = model.info;
    this.#endsInSoftmax = model.ops.at(-1)?.kind === "softmax";
    const window = inputLength(model.info, windowFrames);
    this.#hop = inputLength(model.info, windowFrames + hopFrames) - window;
    this.#until = window;
    this.#ring = new Float32Array(window);
    this.#onFrame = options.onFrame;
    this.#front = front?.createSession({ tile });
    this.#model = model.createSession({
      tile,
      ...(model.info.needsMaxFrames && { maxFrames: windowFrames }),
    });
    const frame = front && timesOf(front);
    const { inputWidth } = model.info;
    this.time = (index) =>
      frame?.(windowFrames - 1 + index * hopFrames) ?? (window + index * this.#hop) / inputWidth;
  }

  /** Both sessions', the frames that a tile makes, and the ring of them. */
  get arenaBytes(): number {
    const frameBytes = this.#info.inputWidth * Float32Array.BYTES_PER_ELEMENT;
    const front =
      this.#front === undefined
        ? 0
        : aligned(this.#front.plan.arenaBytes) + aligned(this.#tile * frameBytes);
    return front + aligned(this.#model.plan.arenaBytes) + aligned(this.#ring.byteLength);
  }

  push(input: InputArray, take: (probabilities: Float32Array) => void): void {
    const elements = this.#front === undefined ? this.#checked(input) : this.#frames(input);
    for (let at = 0; at < elements.length; ) {
      const room = Math.min(this.#until, this.#ring.length - this.#next);
      const part = elements.subarray(at, at + room);
      this.#ring.set(part, this.#next);
      this.#next = (this.#next + part.length) % this.#ring.length;
      this.#until -= part.length;
      at += part.length;
      if (this.#until > 0) continue;
      this.#until = this.#hop;
      take(this.#runWindow());
    }
  }

  reset(): void {
    this.#front?.reset();
    this.#next = 0;
    this.#until = this.#ring.length;
  }

  #frames(samples: InputArray): Float32Array {
    this.#front?.forget();
    const frames = this.#front?.push(samples)[0]?.data ?? NO_ROWS;
    const width = this.#info.inputWidth;
    for (let at = 0; this.#onFrame !== undefined && at < frames.length; at += width) {
      this.#onFrame(frames.subarray(at, at + width));
    }
    return frames;
  }

  /** Inputs, looked at before any of them is taken. @throws BadInput, NonFinite, Disposed */
  #checked(input: InputArray): InputArray {
    void this.#model.frames; // which a session that has been disposed does not tell
    checkInput(input, this.#info);
    return input;
  }

  /** The oldest first. */
  #runWindow(): Float32Array {
    this.#model.reset();
    this.#model.push(this.#ring.subarray(this.#next));
    if (this.#next > 0) this.#model.push(this.#ring.subarray(0, this.#next));
    const { data } = this.#model.finish()[0]!;
    return this.#endsInSoftmax ? data : softmax(data);
  }
}

function assertEndless(model: Model): void {
  if (model.isEndless) return;
  throw new BadArgument(
    "a detector",
    "a model that goes on for ever",
    "one that counts its frames",
  );
}

function assertWindow(model: Model, window: number, hop: number): void {
  const { inputKind, outputs } = model.info;
  if (inputKind === "tokens" || outputs.length !== 1) {
    throw new BadArgument("windows", "a model of frames or samples with one output", inputKind);
  }
  const isCount = (n: number) => Number.isInteger(n) && n >= 1;
  if (isCount(window) && isCount(hop) && hop <= window) return;
  throw new BadArgument(
    "windowFrames and hopFrames",
    "1 or more, the hop no longer",
    `${window}, ${hop}`,
  );
}

function assertFront(front: Model, model: Model): void {
  assertEndless(front);
  const [output] = front.info.outputs;
  if (output?.isSequence === true && output.width === model.info.inputWidth) return;
  throw new BadArgument(
    "front",
    `a model that makes frames of ${model.info.inputWidth}`,
    "another one",
  );
}
