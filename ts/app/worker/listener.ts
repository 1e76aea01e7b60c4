/**
 * Classifies an endless stream with a network that pools over a fixed window: several sessions of
 * the same model start one after another, so that a window is complete several times a window, and
 * each session is reset when its window is over. Memory is that of the sessions, however long the
 * stream. Knows nothing of microphones, sensors or pages.
 */
import { framesIn, inputLength } from "../../core/input.js";
import type { Model, ModelInfo, Session } from "../../index.js";
import { hopOf } from "../sampling.js";
import type { LiveNote } from "./protocol.js";

/** Windows under way at a time: a second of audio gives a result every 100 ms. */
const SESSIONS = 10;
/** Results that are averaged, and how likely the best must then be. */
const SMOOTHED = 3;
const LEAST_PROBABILITY = 0.5;
/** Frames over which the time a frame takes is averaged. */
const TIMED_FRAMES = 100;

interface Slot {
  readonly session: Session;
  /** Elements to let pass before the first window starts. */
  skip: number;
  /** Elements until the window is complete. */
  left: number;
}

export class Listener {
  readonly #model: Model;
  readonly #windowElements: number;
  readonly #slots: Slot[];
  readonly #frontEnd: number;
  readonly #recent: number[][] = [];
  #elements = 0;
  #windows = 0;
  #timedMs = 0;
  #timedFrames = 0;
  #msPerFrame = 0;
  #rows: Float32Array[] = [];

  constructor(model: Model, windowFrames: number) {
    this.#model = model;
    this.#windowElements = inputLength(model.info, windowFrames);
    const between = staggerOf(model.info, this.#windowElements);
    const count = Math.max(1, Math.round(this.#windowElements / between));
    this.#slots = Array.from({ length: Math.min(SESSIONS, count) }, (_, i) => ({
      session: model.createSession({ maxFrames: windowFrames }),
      skip: i * between,
      left: this.#windowElements,
    }));
    this.#frontEnd = model.operators("stream").findIndex(({ name }) => name.startsWith("logmel"));
  }

  /** Takes the next elements of the stream: any number of samples, or whole frames. */
  push(input: Float32Array): LiveNote {
    const { info } = this.#model;
    const before = framesIn(info, this.#elements);
    const start = performance.now();
    this.#slots.forEach((slot, i) => {
      this.#pushSlot(slot, input, i === 0);
    });
    this.#elements += input.length;
    const frames = framesIn(info, this.#elements);
    this.#time(performance.now() - start, frames - before);
    return this.#note(input, frames);
  }

  dispose(): void {
    for (const { session } of this.#slots) session.dispose();
  }

  #pushSlot(slot: Slot, input: Float32Array, isObserved: boolean): void {
    let at = Math.min(slot.skip, input.length);
    slot.skip -= at;
    while (at < input.length) {
      const end = Math.min(at + slot.left, input.length);
      const part = input.subarray(at, end);
      if (isObserved && this.#frontEnd >= 0) this.#observe(slot.session, part);
      else slot.session.push(part);
      slot.left -= end - at;
      at = end;
      if (slot.left === 0) this.#complete(slot);
    }
  }

  /** Steps, because the front end's output is gone when the frame is done. */
  #observe(session: Session, samples: Float32Array): void {
    const hop = hopOf(this.#model.info);
    for (let at = 0; at < samples.length; at += hop) {
      session.feed(samples.subarray(at, at + hop));
      for (let step = session.step(); step !== undefined; step = session.step()) {
        if (step.operatorIndex !== this.#frontEnd) continue;
        const row = step.output();
        if (row.length > 0) this.#rows.push(row);
      }
    }
  }

  #complete(slot: Slot): void {
    const [logits] = slot.session.finish();
    this.#recent.push(softmax(logits!.data));
    if (this.#recent.length > SMOOTHED) this.#recent.shift();
    this.#windows++;
    slot.session.reset();
    slot.left = this.#windowElements;
  }

  #time(ms: number, frames: number): void {
    this.#timedMs += ms;
    this.#timedFrames += frames;
    if (this.#msPerFrame === 0 && this.#timedFrames > 0) {
      this.#msPerFrame = this.#timedMs / this.#timedFrames;
    }
    if (this.#timedFrames < TIMED_FRAMES) return;
    this.#msPerFrame = this.#timedMs / this.#timedFrames;
    this.#timedMs = 0;
    this.#timedFrames = 0;
  }

  #note(input: Float32Array, frames: number): LiveNote {
    const { info, memoryBytes } = this.#model;
    const probabilities = meanOf(this.#recent);
    const best = probabilities.indexOf(Math.max(...probabilities));
    const isLikely = (probabilities[best] ?? 0) >= LEAST_PROBABILITY;
    return {
      frames,
      windows: this.#windows,
      probabilities,
      classIndex: isLikely ? best : -1,
      msPerFrame: this.#msPerFrame,
      frameMs: info.sampleRateHz === 0 ? 0 : (1000 * info.hopSamples) / info.sampleRateHz,
      sessions: this.#slots.length,
      memoryBytes,
      ...this.#takeRows(input),
    };
  }

  #takeRows(input: Float32Array): { rows: Float32Array; rowWidth: number } {
    if (this.#frontEnd < 0) return { rows: input.slice(), rowWidth: this.#model.info.inputWidth };
    const parts = this.#rows;
    this.#rows = [];
    const rowWidth = parts[0]?.length ?? 0;
    const rows = new Float32Array(parts.length * rowWidth);
    parts.forEach((part, i) => {
      rows.set(part, i * rowWidth);
    });
    return { rows, rowWidth };
  }
}

/** Elements between the starts of two windows: whole hops. */
function staggerOf(info: ModelInfo, windowElements: number): number {
  const hop = hopOf(info);
  return Math.max(1, Math.round(windowElements / SESSIONS / hop)) * hop;
}

function softmax(logits: Float32Array): number[] {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function meanOf(rows: readonly number[][]): number[] {
  const [first = []] = rows;
  return first.map((_, i) => rows.reduce((sum, row) => sum + (row[i] ?? 0), 0) / rows.length);
}
