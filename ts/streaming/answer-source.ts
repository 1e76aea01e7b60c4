/**
 * Where a detector's answers come from: a running model's session, or windows over a ring of what was pushed. Knows
 * nothing of events.
 */

import { softmax } from "../core/classify.js";
import { BadArgument } from "../core/errors.js";
import {
  checkInput,
  type InputArray,
  inputLength,
  inputsPerFrame,
  tileLength,
} from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Session, Step } from "../core/session.js";
import { assertEndless, assertFront, assertWindow } from "./detector-checks.js";

/** What a source is told: a part of `DetectorOptions`. */
export interface SourceOptions {
  /** Of windows, in frames; none for a running model, which has them inside. */
  readonly windowFrames?: number;
  readonly hopFrames?: number;
  /** Frames processed together. Default 1. */
  readonly tile?: number;
  /** Of audio, for whoever shows it: each frame as the front end makes it; valid until it returns. */
  readonly onFrame?: (frame: Float32Array) => void;
}

/** Answers are rows of probabilities. */
export interface AnswerSource {
  /** Frames processed together. */
  readonly tile: number;
  /** Of windows, in frames; 0 and 0 for a running model. */
  readonly windowFrames: number;
  readonly hopFrames: number;
  /** Inputs up to the end of answer `index`, from 0. */
  time(index: number): number;
  push(input: InputArray, take: (probabilities: Float32Array) => void): void;
  reset(): void;
  /** Its part of a detector's memory on a board. */
  readonly arenaBytes: number;
}

const TILE = 1;
const NO_ROWS = new Float32Array(0);
/** The variant of softmax.c that does not give logarithms. */
const PROBABILITIES = 0;

/** MLM_ALIGNMENT: every part of the memory is rounded up to it. */
const ALIGNMENT = 16;

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** A model whose output is a sequence runs for ever; any other one sees windows. @throws BadArgument */
export function answerSource(
  model: Model,
  front: Model | undefined,
  options: SourceOptions,
): AnswerSource {
  return model.info.outputs[0]?.isSequence === true
    ? new RunningSource(model, front, options)
    : new WindowSource(model, front, options);
}

/** Inputs until output 0 has so many rows, where it has them at equal distances behind the second one. */
function timesOf(model: Model): (row: number) => number {
  const [first, second, third] = [1, 2, 3].map((rows) => model.inputsFor(rows));
  return (row) => (row === 0 ? first! : second! + (row - 1) * (third! - second!));
}

/** One session, whose output is a sequence of answers. */
class RunningSource implements AnswerSource {
  readonly windowFrames = 0;
  readonly hopFrames = 0;
  readonly tile: number;
  readonly #rowFrames: number;
  readonly #session: Session;
  readonly #width: number;
  readonly #observer: FrameObserver | undefined;
  readonly time: (index: number) => number;

  constructor(model: Model, front: Model | undefined, options: SourceOptions) {
    const given = front ?? options.windowFrames ?? options.hopFrames;
    if (given !== undefined) {
      throw new BadArgument("a running model", "neither front nor window nor hop", "one of them");
    }
    assertEndless(model);
    this.tile = options.tile ?? TILE;
    this.#session = model.createSession({ tile: this.tile });
    this.#width = model.info.outputs[0]!.width;
    this.#observer = options.onFrame && new FrameObserver(model, this.#session, options.onFrame);
    this.time = timesOf(model);
    this.#rowFrames = (this.time(2) - this.time(1)) / inputsPerFrame(model.info);
  }

  /** The session's, and rows for all answers that a tile can make. */
  get arenaBytes(): number {
    const rows = 1 + Math.floor((this.tile - 1) / this.#rowFrames);
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
class WindowSource implements AnswerSource {
  readonly #front: Session | undefined;
  readonly #model: Session;
  readonly #info: Model["info"];
  readonly #endsInSoftmax: boolean;
  readonly #ring: Float32Array;
  readonly windowFrames: number;
  readonly hopFrames: number;
  readonly tile: number;
  /** Elements of the ring between answers. */
  readonly #hop: number;
  readonly #onFrame: SourceOptions["onFrame"];
  #next = 0;
  #until: number;
  readonly time: (index: number) => number;

  constructor(model: Model, front: Model | undefined, options: SourceOptions) {
    const { windowFrames = 0, hopFrames = 0, tile = TILE } = options;
    assertWindow(model, windowFrames, hopFrames);
    if (front !== undefined) assertFront(front, model);
    this.windowFrames = windowFrames;
    this.hopFrames = hopFrames;
    this.tile = tile;
    this.#info = model.info;
    const last = model.ops.at(-1);
    this.#endsInSoftmax = last?.kind === "softmax" && last.variant === PROBABILITIES;
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
        : aligned(this.#front.plan.arenaBytes) + aligned(this.tile * frameBytes);
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
