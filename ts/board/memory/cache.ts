/** A set-associative cache that replaces what was used longest ago: which lines are there. Knows no costs. */

export interface CacheShape {
  readonly bytes: number;
  readonly ways: number;
  readonly lineBytes: number;
}

const EMPTY = -1;

export class Cache {
  readonly #sets: number;
  readonly #lineBytes: number;
  readonly #ways: number;
  /** Lines of each set, the latest used first. */
  readonly #lines: Float64Array;

  constructor({ bytes, ways, lineBytes }: CacheShape) {
    this.#ways = ways;
    this.#lineBytes = lineBytes;
    this.#sets = bytes / (ways * lineBytes);
    if (!Number.isInteger(this.#sets) || this.#sets < 1) {
      throw new RangeError(`no cache has ${bytes} bytes in ${ways} ways of ${lineBytes}`);
    }
    this.#lines = new Float64Array(this.#sets * ways).fill(EMPTY);
  }

  get lineBytes(): number {
    return this.#lineBytes;
  }

  /** Whether the address was there; now it is. */
  access(address: number): boolean {
    const line = Math.floor(address / this.#lineBytes);
    const first = (line % this.#sets) * this.#ways;
    const lines = this.#lines;
    if (lines[first] === line) return true;
    let way = 1;
    while (way < this.#ways && lines[first + way] !== line) way++;
    const isThere = way < this.#ways;
    for (let i = isThere ? way : this.#ways - 1; i > 0; i--)
      lines[first + i] = lines[first + i - 1]!;
    lines[first] = line;
    return isThere;
  }
}
