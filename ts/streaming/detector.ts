/**
 * A detector: what is heard or felt in a stream that never ends, and when. Drives sessions of the core and gives
 * their answers to the core's events, as csrc/detector does on a board: the same events, bit for bit.
 */
import type { Engine } from "../core/engine.js";
import { BadArgument } from "../core/errors.js";
import type { Events, Fired } from "../core/events.js";
import { checkInput, type InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Session } from "../core/session.js";
import { defaultThresholds } from "./thresholds.js";

export interface DetectorOptions {
  /** A running model's blob (`runningNetwork`), or one that takes windows of frames. */
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
    const [answers] = this.#session.push(input);
    for (let i = 0; answers !== undefined && i < answers.data.length; i += this.#width) {
      take(answers.data.subarray(i, i + this.#width));
    }
  }

  reset(): void {
    this.#session.reset();
  }
}

/** Windows from an empty state, over a ring of frames that were made once. */
class WindowSource implements Source {
  readonly #front: Session | undefined;
  readonly #model: Session;
  readonly #info: Model["info"];
  readonly #ring: Float32Array;
  readonly #width: number;
  readonly windowFrames: number;
  readonly hopFrames: number;
  readonly #tile: number;
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
    this.#until = windowFrames;
    this.#info = model.info;
    this.#width = model.info.inputWidth;
    this.#ring = new Float32Array(windowFrames * this.#width);
    this.#front = front?.createSession({ tile });
    this.#model = model.createSession({
      tile,
      ...(model.info.needsMaxFrames && { maxFrames: windowFrames }),
    });
    const frame = front === undefined ? (row: number) => row + 1 : timesOf(front);
    this.time = (index) => frame(windowFrames - 1 + index * hopFrames);
  }

  /** Both sessions', the frames that a tile makes, and the ring of them. */
  get arenaBytes(): number {
    const frameBytes = this.#width * Float32Array.BYTES_PER_ELEMENT;
    const front =
      this.#front === undefined
        ? 0
        : aligned(this.#front.plan.arenaBytes) + aligned(this.#tile * frameBytes);
    return front + aligned(this.#model.plan.arenaBytes) + aligned(this.#ring.byteLength);
  }

  push(input: InputArray, take: (probabilities: Float32Array) => void): void {
    this.#front?.forget();
    const frames =
      this.#front === undefined ? this.#checked(input) : this.#front.push(input)[0]!.data;
    for (let i = 0; i < frames.length; i += this.#width) {
      this.#ring.set(frames.subarray(i, i + this.#width), this.#next * this.#width);
      this.#next = (this.#next + 1) % this.windowFrames;
      if (--this.#until > 0) continue;
      this.#until = this.hopFrames;
      take(this.#runWindow());
    }
  }

  reset(): void {
    this.#front?.reset();
    this.#next = 0;
    this.#until = this.windowFrames;
  }

  /** Frames, looked at before any of them is taken. @throws BadInput, NonFinite, Disposed */
  #checked(input: InputArray): InputArray {
    void this.#model.frames; // which a session that has been disposed does not tell
    checkInput(input, this.#info);
    return input;
  }

  /** The oldest frame first. */
  #runWindow(): Float32Array {
    const at = this.#next * this.#width;
    this.#model.reset();
    this.#model.push(this.#ring.subarray(at));
    if (at > 0) this.#model.push(this.#ring.subarray(0, at));
    return this.#model.finish()[0]!.data;
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
  if (inputKind !== "frames" || outputs.length !== 1) {
    throw new BadArgument("windows", "a model of frames with one output", inputKind);
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
