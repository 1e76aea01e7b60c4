/**
 * The stream that csrc/port/harness/stream.c makes, sample for sample: noise of changing strength, and in it clips
 * by chance with pauses of 1 to 3 s. Integers only. Knows nothing of models.
 */
import type { HarnessStream } from "./model.js";

const SEED = 0x4d4c4d;
const LEAST_SHIFT = 6;
const SHIFTS = 6;
const FULL_SCALE = 32768;

export class ClipStream {
  readonly #clips: HarnessStream["clips"];
  readonly #rateHz: number;
  #random = SEED;
  #noiseShift = 0;
  /** That plays; undefined in a pause. */
  #clip: Int16Array | undefined;
  #at = 0;
  #left = 0;

  constructor({ clips, rateHz }: Pick<HarnessStream, "clips" | "rateHz">) {
    this.#clips = clips;
    this.#rateHz = rateHz;
    this.#beginPause();
  }

  read(count: number): Int16Array {
    return Int16Array.from({ length: count }, () => this.#next());
  }

  /** Marsaglia's xorshift generator (J. Stat. Soft. 8, 14). */
  #nextRandom(): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return this.#random >>> 0;
  }

  #beginPause(): void {
    this.#clip = undefined;
    this.#left = this.#rateHz + (this.#nextRandom() % (2 * this.#rateHz));
    this.#noiseShift = LEAST_SHIFT + (this.#nextRandom() % SHIFTS);
  }

  #beginClip(): void {
    this.#clip = this.#clips[this.#nextRandom() % this.#clips.length]!;
    this.#at = 0;
    this.#left = this.#clip.length;
  }

  #next(): number {
    if (this.#left === 0) {
      if (this.#clip === undefined && this.#clips.length > 0) this.#beginClip();
      else this.#beginPause();
    }
    this.#left--;
    const wide = (this.#nextRandom() >>> 16) - FULL_SCALE;
    const noise = Math.trunc(wide / (1 << this.#noiseShift));
    const sum = noise + (this.#clip?.[this.#at++] ?? 0);
    return Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, sum));
  }
}
