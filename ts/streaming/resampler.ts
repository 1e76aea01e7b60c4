/**
 * Changes the sample rate of a stream of audio with a windowed sinc filter, block by block, with no
 * seam between blocks. Knows nothing of where audio comes from.
 */

/** Zero crossings of the sinc on each side; the window is Blackman's. */
const CROSSINGS = 16;
/** Of the lower of the two Nyquist frequencies; the rest is the filter's slope. */
const PASSED = 0.92;

export class Resampler {
  readonly #step: number;
  readonly #cutoff: number;
  readonly #reach: number;
  #history: Float32Array;
  /** Position of the next output sample in the history. */
  #at: number;

  constructor(fromHz: number, toHz: number) {
    this.#step = fromHz / toHz;
    this.#cutoff = PASSED * Math.min(1, toHz / fromHz);
    this.#reach = Math.ceil(CROSSINGS / this.#cutoff);
    this.#history = new Float32Array(this.#reach);
    this.#at = this.#reach;
  }

  push(block: Float32Array): Float32Array {
    const input = new Float32Array(this.#history.length + block.length);
    input.set(this.#history);
    input.set(block, this.#history.length);
    const output: number[] = [];
    while (this.#at + this.#reach < input.length) {
      output.push(this.#valueAt(input, this.#at));
      this.#at += this.#step;
    }
    const done = Math.max(0, Math.floor(this.#at) - this.#reach);
    this.#history = input.slice(done);
    this.#at -= done;
    return Float32Array.from(output);
  }

  #valueAt(input: Float32Array, at: number): number {
    const first = Math.max(0, Math.ceil(at - this.#reach));
    const last = Math.min(input.length - 1, Math.floor(at + this.#reach));
    let sum = 0;
    for (let i = first; i <= last; i++) sum += (input[i] ?? 0) * this.#weight(i - at);
    return sum;
  }

  #weight(distance: number): number {
    const x = Math.PI * this.#cutoff * distance;
    const sinc = Math.abs(x) < 1e-9 ? 1 : Math.sin(x) / x;
    const angle = (Math.PI * distance) / this.#reach;
    const window = 0.42 + 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle);
    return this.#cutoff * sinc * window;
  }
}
