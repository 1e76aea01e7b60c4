/** Random numbers that a seed decides. Knows nothing of what they choose. */

/** The mulberry32 generator (T. Ettinger, public domain). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** An integer from 0 to `bound` - 1; 0 when there is none. */
  below(bound: number): number {
    return Math.floor(this.#uniform() * bound);
  }

  chance(probability: number): boolean {
    return this.#uniform() < probability;
  }

  /** One of a list that has some. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** From 1 to `most`; each order of magnitude as likely as the others. */
  magnitude(most: number): number {
    return Math.ceil(most ** this.#uniform());
  }

  #uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
