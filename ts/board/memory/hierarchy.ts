/**
 * The memories of a board in use: what each fetch and each access costs, and how many lines were missed where. Knows
 * no core and no instruction.
 */
import type { BoardTiming } from "../boards.js";
import { Cache } from "./cache.js";
import {
  type Cost,
  FREE,
  type Memory,
  type Placement,
  type Stretch,
  THINGS,
  type Thing,
} from "./memories.js";

/** A stretch, with the memory that it lies in. */
interface Place {
  readonly begin: number;
  readonly end: number;
  readonly thing: number;
  readonly instructions: Cache | undefined;
  readonly data: Cache | undefined;
  readonly cost: Cost;
}

/** Missed lines, or accesses that nothing caches, of one thing. */
export interface Misses {
  readonly thing: Thing;
  readonly memory: string;
  readonly count: number;
  readonly cycles: Cost;
}

/** What is in no stretch costs nothing; it ends before it begins, so that it is looked for every time. */
const ELSEWHERE: Place = {
  ...{ begin: 0, end: 0, thing: 0, instructions: undefined, data: undefined, cost: FREE },
};

export class Hierarchy {
  /** Cycles of the misses since the start, at the bar's ends. */
  lowCycles = 0;
  highCycles = 0;
  readonly counts = new Float64Array(THINGS.length);
  readonly #places: readonly Place[];
  readonly #names: readonly string[];
  #codePlace: Place = ELSEWHERE;
  #dataPlace: Place = ELSEWHERE;
  #fetched = -1;

  constructor(
    { caches, memories }: BoardTiming,
    readonly placement: Placement,
    stretches: readonly Stretch[],
  ) {
    const made = new Map(
      Object.entries(caches).map(([name, shape]) => [name, new Cache(shape)] as const),
    );
    const cacheOf = (name: string | undefined) => (name === undefined ? undefined : made.get(name));
    const memoryOf = (thing: Thing): Memory => {
      const memory = memories[placement[thing]];
      if (memory === undefined) throw new RangeError(`no memory is named ${placement[thing]}`);
      return memory;
    };
    this.#names = THINGS.map((thing) => memoryOf(thing).name);
    this.#places = stretches.map(({ thing, begin, end }) => {
      const memory = memoryOf(thing);
      return {
        ...{ begin, end, thing: THINGS.indexOf(thing), cost: memory.cycles },
        instructions: cacheOf(memory.instructions),
        data: cacheOf(memory.data),
      };
    });
  }

  /** Whether anything at all costs more than the core's own cycles. */
  get isFree(): boolean {
    return this.#places.every(({ cost }) => cost.high === 0);
  }

  misses(): Misses[] {
    return THINGS.map((thing, i) => {
      const { usual, low, high } = this.#places.find((place) => place.thing === i)?.cost ?? FREE;
      const count = this.counts[i]!;
      const cycles = { usual: count * usual, low: count * low, high: count * high };
      return { thing, memory: this.#names[i]!, count, cycles };
    }).filter(({ count }) => count > 0);
  }

  /** Cycles until an instruction is there. */
  fetch(address: number, bytes: number): number {
    let place = this.#codePlace;
    if (address < place.begin || address >= place.end) {
      place = this.#placeOf(address);
      this.#codePlace = place;
      this.#fetched = -1;
    }
    const cache = place.instructions;
    if (cache === undefined || place.cost.high === 0) return 0;
    const { lineBytes } = cache;
    const first = Math.floor(address / lineBytes);
    const last = Math.floor((address + bytes - 1) / lineBytes);
    if (last === this.#fetched) return 0;
    let cycles = 0;
    if (first !== this.#fetched && !cache.access(address)) cycles += this.#miss(place);
    if (last !== first && !cache.access(address + bytes - 1)) cycles += this.#miss(place);
    this.#fetched = last;
    return cycles;
  }

  /** Cycles until the data of `count` addresses is there. */
  access(addresses: Uint32Array, count: number, isStore: boolean): number {
    let cycles = 0;
    let line = -1;
    for (let i = 0; i < count; i++) {
      const address = addresses[i]!;
      let place = this.#dataPlace;
      if (address < place.begin || address >= place.end) {
        place = this.#placeOf(address);
        this.#dataPlace = place;
      }
      if (place.cost.high === 0) continue;
      const cache = place.data;
      if (cache === undefined) {
        // Stores are buffered.
        if (!isStore) cycles += this.#miss(place);
        continue;
      }
      const of = Math.floor(address / cache.lineBytes);
      if (of === line) continue;
      line = of;
      if (!cache.access(address)) cycles += this.#miss(place);
    }
    return cycles;
  }

  #miss(place: Place): number {
    this.counts[place.thing]!++;
    this.lowCycles += place.cost.low;
    this.highCycles += place.cost.high;
    return place.cost.usual;
  }

  #placeOf(address: number): Place {
    return this.#places.find(({ begin, end }) => address >= begin && address < end) ?? ELSEWHERE;
  }
}
