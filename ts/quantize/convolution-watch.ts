/**
 * Computes a depthwise convolution beside the core, as what goes into its activation is seen nowhere else.
 */
import type { Range } from "./range.js";

export class ConvolutionWatch {
  readonly #taps: number;
  /** The last rows, the newest at `#next - 1`, round and round. */
  readonly #past: Float64Array;
  readonly #row: Float64Array;
  #next = 0;

  /** @param weight [width, taps] */
  constructor(
    readonly input: number,
    readonly width: number,
    readonly weight: Float64Array,
    readonly bias: Float64Array | undefined,
    readonly range: Range,
  ) {
    this.#taps = weight.length / width;
    this.#past = new Float64Array(weight.length);
    this.#row = new Float64Array(width);
  }

  reset(): void {
    this.#past.fill(0);
    this.#next = 0;
  }

  /** Rows of its input, perhaps only some channels of them: the last ones complete the rows. */
  take(
    rows: Float32Array,
    { width, firstChannel }: { readonly width: number; readonly firstChannel: number },
  ): void {
    for (let row = 0; row * width < rows.length; row++) {
      const at = ((this.#next + row) % this.#taps) * this.width + firstChannel;
      this.#past.set(rows.subarray(row * width, (row + 1) * width), at);
      if (firstChannel + width === this.width) this.#convolve(this.#next + row);
    }
    if (firstChannel + width === this.width) this.#next += rows.length / width;
  }

  #convolve(newest: number): void {
    const [taps, row] = [this.#taps, this.#row];
    for (let channel = 0; channel < this.width; channel++) {
      let sum = this.bias?.[channel] ?? 0;
      for (let tap = 0; tap < taps; tap++) {
        const at = (newest + 1 + tap) % taps; // the oldest first
        sum += this.weight[channel * taps + tap]! * this.#past[at * this.width + channel]!;
      }
      row[channel] = sum;
    }
    this.range.add(row, this.width, 0);
  }
}
