/**
 * Changes the sample rate of a stream of audio with a windowed sinc filter, block by block, with no
 * seam between blocks. Knows nothing of where audio comes from.
 */

/** Zero crossings of the sinc on each side; the window is Blackman's. */
const CROSSINGS = 16;
/** Of the lower of the two Nyquist frequencies; the rest is the filter's slope. */
const PASSED = 0.92;
/** Places between two input samples; those of 44.1 to 16 kHz, 160, and all usual ones are exact. */
const MOST_PLACES = 1024;

export class Resampler {
  readonly #cutoff: number;
  readonly #reach: number;
  /** From one output sample to the next, in places; `#places` are one input sample. */
  readonly #step: number;
  readonly #places: number;
  /** By place; each is made when it is first come by, since a sinc a tap would take most of the time. */
  readonly #weights: Float64Array[] = [];
  #history: Float32Array;
  /** Of the next output sample, from the history's begin, in places. */
  #at: number;

  constructor(fromHz: number, toHz: number) {
    this.#cutoff = PASSED * Math.min(1, toHz / fromHz);
    this.#reach = Math.ceil(CROSSINGS / this.#cutoff);
    this.#places = placesOf(fromHz, toHz);
    this.#step = (this.#places * fromHz) / toHz;
    this.#history = new Float32Array(this.#reach);
    this.#at = this.#reach * this.#places;
  }

  push(block: Float32Array): Float32Array {
    const input = new Float32Array(this.#history.length + block.length);
    input.set(this.#history);
    input.set(block, this.#history.length);
    const end = (input.length - this.#reach - 1) * this.#places;
    const output = new Float32Array(Math.max(0, Math.ceil((end - this.#at) / this.#step)));
    for (const index of output.keys()) {
      output[index] = this.#valueAt(input, Math.round(this.#at));
      this.#at += this.#step;
    }
    const done = Math.max(0, Math.floor(this.#at / this.#places) - this.#reach);
    this.#history = input.slice(done);
    this.#at -= done * this.#places;
    return output;
  }

  #valueAt(input: Float32Array, at: number): number {
    const sample = Math.floor(at / this.#places);
    const weights = this.#weightsAt(at - sample * this.#places);
    const first = sample - this.#reach;
    let sum = 0;
    for (let tap = 0; tap < weights.length; tap++) sum += input[first + tap]! * weights[tap]!;
    return sum;
  }

  /** Of the samples from `#reach` before the place to as many behind it. */
  #weightsAt(place: number): Float64Array {
    this.#weights[place] ??= Float64Array.from({ length: 2 * this.#reach + 1 }, (_, tap) =>
      this.#weight(tap - this.#reach - place / this.#places),
    );
    return this.#weights[place];
  }

  #weight(distance: number): number {
    if (Math.abs(distance) > this.#reach) return 0;
    const x = Math.PI * this.#cutoff * distance;
    const sinc = Math.abs(x) < 1e-9 ? 1 : Math.sin(x) / x;
    const angle = (Math.PI * distance) / this.#reach;
    const window = 0.42 + 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle);
    return this.#cutoff * sinc * window;
  }
}

/** As many as the output needs, if that is a whole number and no large one. */
function placesOf(fromHz: number, toHz: number): number {
  const isWhole = Number.isInteger(fromHz) && Number.isInteger(toHz);
  const places = isWhole ? toHz / greatestDivisor(fromHz, toHz) : MOST_PLACES;
  return Math.min(places, MOST_PLACES);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
