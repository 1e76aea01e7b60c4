/** How large and how small a value's elements have been, channel by channel. */
export class Range {
  readonly most: Float64Array;
  readonly least: Float64Array;

  constructor(readonly width: number) {
    this.most = new Float64Array(width);
    this.least = new Float64Array(width);
  }

  /** Rows of some channels. Returns whether all of them are finite. */
  add(rows: Float32Array | Float64Array, width: number, firstChannel: number): boolean {
    const { most, least } = this;
    let sum = 0;
    for (let i = 0, channel = 0; i < rows.length; i++) {
      const value = rows[i]!;
      const at = firstChannel + channel;
      if (value > most[at]!) most[at] = value;
      else if (value < least[at]!) least[at] = value;
      sum += value - value; // NaN where one is not finite
      channel = channel + 1 === width ? 0 : channel + 1;
    }
    return sum === 0;
  }

  /** Elements of a value of one channel. */
  addAll(values: Float32Array): void {
    this.add(values, 1, 0);
  }

  /** Largest magnitude. */
  get largest(): number {
    return this.largestOf(0, this.width);
  }

  /** The same of some channels, each `step` further than the one before. */
  largestOf(first: number, end: number, step = 1): number {
    let largest = 0;
    for (let i = first; i < end; i += step) {
      largest = Math.max(largest, this.most[i]!, -this.least[i]!);
    }
    return largest;
  }

  /** Largest magnitude where what is far below 0 does not matter: below `-floor`. */
  largestAbove(floor: number): number {
    const most = this.most.reduce((a, b) => Math.max(a, b), 0);
    const least = this.least.reduce((a, b) => Math.min(a, b), 0);
    return Math.max(most, Math.min(-least, floor));
  }
}
