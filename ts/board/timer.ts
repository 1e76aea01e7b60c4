/**
 * Times a trace: every executed instruction with its addresses goes through a pipeline and the memories of a board,
 * and its cycles are added up by function and by operator. Knows no emulator and no instruction set.
 */
import type { BoardTiming } from "./boards.js";
import { Hierarchy, type Misses } from "./memory/hierarchy.js";
import type { Placement, Stretch } from "./memory/memories.js";
import type { Program } from "./pipeline/program.js";
import { isStore, Scoreboard } from "./pipeline/scoreboard.js";

/** Who is charged for an instruction. */
export interface Owners {
  /** How many owners there are. */
  readonly count: number;
  /** The owner from here on, called before each instruction. */
  owner(index: number, addresses: Uint32Array, count: number): number;
}

/** Cycles of an owner, or of all. */
export interface Cycles {
  readonly instructions: number;
  /** Without any wait for memory. */
  readonly core: number;
  /** With the usual cost of lines, each of which is waited for. */
  readonly total: number;
  /** With the lowest cost, waited for where the value is used. */
  readonly low: number;
  readonly high: number;
}

export interface Timing extends Cycles {
  readonly owners: readonly Cycles[];
  readonly misses: readonly Misses[];
  readonly mispredicted: number;
}

export class Timer {
  readonly #core: Scoreboard;
  readonly #late: Scoreboard | undefined;
  readonly #memory: Hierarchy;
  readonly #instructions: Float64Array;
  readonly #coreCycles: Float64Array;
  readonly #lateCycles: Float64Array;
  readonly #usual: Float64Array;
  readonly #high: Float64Array;

  constructor(
    timing: BoardTiming,
    readonly program: Program,
    placement: Placement,
    stretches: readonly Stretch[],
    readonly owners: Owners,
  ) {
    this.#memory = new Hierarchy(timing, placement, stretches);
    this.#core = new Scoreboard(timing.core, program);
    if (!this.#memory.isFree) this.#late = new Scoreboard(timing.core, program);
    const numbers = () => new Float64Array(owners.count);
    this.#instructions = numbers();
    this.#coreCycles = numbers();
    this.#lateCycles = numbers();
    this.#usual = numbers();
    this.#high = numbers();
  }

  /**
   * @param index of the program
   * @param addresses that it loaded from or stored to, the first `count` of them
   * @param next where control went
   */
  execute(index: number, addresses: Uint32Array, count: number, next: number): void {
    const owner = this.owners.owner(index, addresses, count);
    const address = count > 0 ? addresses[0]! : 0;
    const core = this.#core;
    const before = core.cycles;
    core.execute(index, count, address, next, 0, 0);
    this.#instructions[owner]!++;
    this.#coreCycles[owner]! += core.cycles - before;
    const late = this.#late;
    if (late === undefined) return;
    const { program } = this;
    const memory = this.#memory;
    const { lowCycles, highCycles } = memory;
    const fetched = memory.fetch(program.address[index]!, program.bytes[index]!);
    const lowFetched = memory.lowCycles - lowCycles;
    const missed = count > 0 ? memory.access(addresses, count, isStore(program.kind[index]!)) : 0;
    const lowMissed = memory.lowCycles - lowCycles - lowFetched;
    const lateBefore = late.cycles;
    late.execute(index, count, address, next, lowFetched, lowMissed);
    this.#lateCycles[owner]! += late.cycles - lateBefore;
    this.#usual[owner]! += fetched + missed;
    this.#high[owner]! += memory.highCycles - highCycles;
  }

  result(): Timing {
    const owners = Array.from(this.#instructions, (instructions, i) => {
      const core = this.#coreCycles[i]!;
      const low = this.#late === undefined ? core : this.#lateCycles[i]!;
      return {
        instructions,
        core,
        total: core + this.#usual[i]!,
        low,
        high: core + this.#high[i]!,
      };
    });
    const sum = (key: keyof Cycles) => owners.reduce((total, cycles) => total + cycles[key], 0);
    return {
      ...{ instructions: sum("instructions"), core: sum("core"), total: sum("total") },
      ...{ low: sum("low"), high: sum("high"), owners, misses: this.#memory.misses() },
      mispredicted: this.#core.mispredicted,
    };
  }
}
