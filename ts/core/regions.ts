/**
 * Places regions of bytes in an address range that grows at its end: first fit, freed neighbours
 * merge, freed space is reused. Knows addresses only, and nothing of memory or of what lies there.
 */

/** Every region starts at, and is rounded up to, a multiple of this many bytes. */
export const REGION_ALIGNMENT = 16;

interface Hole {
  start: number;
  end: number;
}

export function roundUp(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}

export class Regions {
  /** Free space between regions, in order of address. */
  readonly #holes: Hole[] = [];
  readonly #ends = new Map<number, number>();
  #end: number;

  /** @param base first address that may be used, in bytes. */
  constructor(base: number) {
    this.#end = roundUp(base, REGION_ALIGNMENT);
  }

  /** One past the last address in use, in bytes. */
  get end(): number {
    return this.#end;
  }

  /** One past the last address in use if a region of `bytes` were allocated now. */
  endWith(bytes: number): number {
    const size = regionSize(bytes);
    return this.#fitting(size) === undefined ? this.#end + size : this.#end;
  }

  /** Address of a new region of at least `bytes` bytes (0 counts as 1). */
  allocate(bytes: number): number {
    const size = regionSize(bytes);
    const hole = this.#fitting(size);
    const start = hole === undefined ? this.#end : hole.start;
    if (hole === undefined) this.#end += size;
    else this.#shrink(hole, size);
    this.#ends.set(start, start + size);
    return start;
  }

  /** Gives back the region that `allocate` placed at `start`; another address is ignored. */
  free(start: number): void {
    const end = this.#ends.get(start);
    if (end === undefined) return;
    this.#ends.delete(start);
    this.#insert({ start, end });
    this.#merge();
  }

  #fitting(size: number): Hole | undefined {
    return this.#holes.find((hole) => hole.end - hole.start >= size);
  }

  #shrink(hole: Hole, size: number): void {
    hole.start += size;
    if (hole.start === hole.end) this.#holes.splice(this.#holes.indexOf(hole), 1);
  }

  #insert(freed: Hole): void {
    const after = this.#holes.findIndex((hole) => hole.start > freed.start);
    this.#holes.splice(after < 0 ? this.#holes.length : after, 0, freed);
  }

  /** Joins holes that touch; the last one, when it reaches the end, moves the end back. */
  #merge(): void {
    for (let i = this.#holes.length - 1; i > 0; i--) {
      const left = this.#holes[i - 1]!;
      const right = this.#holes[i]!;
      if (left.end !== right.start) continue;
      left.end = right.end;
      this.#holes.splice(i, 1);
    }
    if (this.#holes.at(-1)?.end === this.#end) this.#end = this.#holes.pop()!.start;
  }
}

function regionSize(bytes: number): number {
  return roundUp(Math.max(bytes, 1), REGION_ALIGNMENT);
}
