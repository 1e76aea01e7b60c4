/**
 * What becomes of the answers of a detector: the core's averages, thresholds and classes that are held off
 * (csrc/include/mlm_detector.h). Knows nothing of sessions or of time.
 */
import { type Core, STATUS_OK } from "./core.js";
import { BadArgument, BadInput } from "./errors.js";
import { Resource } from "./resource.js";

export interface EventsOptions {
  /** One a class, above 0: the average from which on it fires; above 1: never. */
  readonly thresholds: readonly number[];
  /** Answers that are averaged, 1 to 64. */
  readonly smooth: number;
  /** Answers after an event in which its class does not fire again. */
  readonly holdOff: number;
}

export interface Fired {
  readonly classIndex: number;
  /** The class's average, from 0 to 1. */
  readonly confidence: number;
}

/** MLM_MOST_SMOOTH */
const MOST_SMOOTH = 64;
const WORD_BYTES = 4;
/** mlm_detection: label, confidence, inputs. */
const DETECTION_WORDS = 4;

export class Events extends Resource {
  readonly #core: Core;
  readonly #classes: number;
  readonly #region: number;
  readonly #probabilities: number;
  readonly #detection: number;
  readonly #events: number;
  readonly #onRelease: (events: Events) => void;
  /** Of the core's own part. */
  readonly bytes: number;

  /** Made by `Model.createEvents`. @throws BadArgument, OutOfMemory */
  constructor(core: Core, options: EventsOptions, onRelease: (events: Events) => void) {
    super("Events");
    check(options);
    this.#core = core;
    this.#classes = options.thresholds.length;
    this.#onRelease = onRelease;
    const { smooth, holdOff, thresholds } = options;
    const classBytes = this.#classes * WORD_BYTES;
    const room = core.memory.allocate(classBytes + WORD_BYTES, "thresholds");
    core.memory.f32.set(thresholds, room >>> 2);
    const words = [this.#classes, smooth, holdOff, room] as const;
    const { functions, memory } = core;
    functions.events_bytes(...words, room + classBytes);
    this.bytes = memory.words(room + classBytes, 1)[0]!;
    this.#region = memory.allocate(
      this.bytes + classBytes + DETECTION_WORDS * 2 * WORD_BYTES,
      "a detector's events",
    );
    this.#events = this.#region;
    const status = functions.events_init(...words, this.#events, this.bytes);
    memory.free(room);
    if (status !== STATUS_OK)
      throw new BadArgument("events", "valid options", core.statusName(status));
    this.#detection = this.#region + this.bytes;
    this.#probabilities = this.#detection + DETECTION_WORDS * 2 * WORD_BYTES;
  }

  /**
   * Takes an answer.
   * @param probabilities one a class
   * @returns what fires, if anything does
   * @throws BadInput, Disposed
   */
  take(probabilities: Float32Array): Fired | undefined {
    this.assertAlive();
    if (probabilities.length !== this.#classes) {
      throw new BadInput(`${this.#classes} probabilities`, `${probabilities.length}`);
    }
    const { functions, memory } = this.#core;
    memory.f32.set(probabilities, this.#probabilities >>> 2);
    if (functions.events_take(this.#events, this.#probabilities, this.#detection) === 0) return;
    return {
      classIndex: memory.u32[this.#detection >>> 2]!,
      confidence: memory.f32[(this.#detection >>> 2) + 1]!,
    };
  }

  /** A copy of the averages of the last answer, one a class; all 0 before it. @throws Disposed */
  averages(): Float32Array {
    this.assertAlive();
    const first = this.#core.functions.events_averages(this.#events) >>> 2;
    return this.#core.memory.f32.slice(first, first + this.#classes);
  }

  /** As if no answer had been taken. @throws Disposed */
  reset(): void {
    this.assertAlive();
    this.#core.functions.events_reset(this.#events);
  }

  protected override release(): void {
    this.#core.memory.free(this.#region);
    this.#onRelease(this);
  }
}

function check({ thresholds, smooth, holdOff }: EventsOptions): void {
  if (!Number.isInteger(smooth) || smooth < 1 || smooth > MOST_SMOOTH) {
    throw new BadArgument("smooth", `1 to ${MOST_SMOOTH} answers`, `${smooth}`);
  }
  if (!Number.isInteger(holdOff) || holdOff < 0 || holdOff >= 2 ** 32) {
    throw new BadArgument("holdOff", "a number of answers", `${holdOff}`);
  }
  const bad = thresholds.find((threshold) => !(Math.fround(threshold) > 0)); // as the core has it
  if (thresholds.length === 0 || bad !== undefined) {
    throw new BadArgument("thresholds", "one above 0 a class", `${bad ?? "none"}`);
  }
}
