/**
 * An in-order pipeline of one or two instructions a cycle, driven by executed instructions: when each begins, by
 * what its operands wait for, what pairs, what branches cost. The rules are tables that a core's description
 * gives. Knows no core, no instruction set, no caches: what a miss costs it is told.
 */
import { KINDS, Kind, REGISTERS, USES, Use } from "../isa/instruction.js";
import { type Core, Result } from "./core.js";
import { CONDITIONAL, FIRST_INDIRECT, NEXT, type Program } from "./program.js";
import { ALONE, PAIRS_AT_START, PAIRS_BY_BANK, type Tables, tablesOf } from "./tables.js";

/** What came before a trace is long ago. */
const LONG_AGO = -1000;
/** Two bits a branch; from here on it is foreseen to be taken. */
const WEAKLY_TAKEN = 2;
const SURELY_TAKEN = 3;
const WEAKLY_NOT_TAKEN = 1;
const WORD_BYTES = 4;

export class Scoreboard {
  /** Branches that were foreseen wrongly. */
  mispredicted = 0;
  /** Cycle in which the next instruction may begin; while a pair is open, the one of its first. */
  #cycle = 0;
  /** Where a pair that is not closed would end. */
  #end = 0;
  #isOpen = false;
  #lastKind: number = Kind.nop;
  #lastAddress = 0;
  /** The last multiply-accumulate, and the one before it. */
  #accumulated = LONG_AGO;
  #accumulatedBefore = LONG_AGO;
  /** When the last line that was missed is there: one comes at a time. */
  #memoryBusyUntil = 0;
  /** Address of the last branch that was taken. */
  #branchedAt = -1;
  readonly #made = new Float64Array(REGISTERS).fill(LONG_AGO);
  readonly #result = new Uint8Array(REGISTERS).fill(Result.late);
  #foreseen = new Uint8Array(0);
  #targets = new Uint32Array(0);
  readonly #tables: Tables;

  constructor(
    readonly core: Core,
    readonly program: Program,
  ) {
    this.#tables = tablesOf(core);
  }

  /** Cycles from the start of the trace to the end of what was executed. */
  get cycles(): number {
    return this.#isOpen ? this.#end : this.#cycle;
  }

  /**
   * @param index of the program
   * @param accesses how many data addresses it had
   * @param address the first of them
   * @param next where control went
   * @param fetchCycles for which the instruction was not there
   * @param missCycles for which its data was not there
   */
  execute(
    index: number,
    accesses: number,
    address: number,
    next: number,
    fetchCycles: number,
    missCycles: number,
  ): void {
    const { program } = this;
    const isSkipped =
      program.predicated[index]! === 1 && program.moved[index]! > 0 && accesses === 0;
    const kind = isSkipped ? Kind.nop : program.kind[index]!;
    if (fetchCycles > 0) this.#moveTo(this.cycles + fetchCycles);
    const ready = this.#readyAt(index, kind);
    const isSecond = this.#isOpen && ready <= this.#cycle && this.#pairs(kind, address);
    const start = isSecond ? this.#cycle : this.#begin(kind, ready);
    const end = start + this.#hold(index, kind, address);
    if (!isSkipped) this.#write(index, kind, start, isSecond, this.#wait(kind, start, missCycles));
    if (kind === Kind.fpMla || kind === Kind.fpFused) {
      this.#accumulatedBefore = this.#accumulated;
      this.#accumulated = start;
    }
    if (isSecond) {
      this.#moveTo(Math.max(this.#end, end));
    } else if (this.#tables.alone[kind]! === 1) {
      this.#moveTo(end);
    } else {
      this.#cycle = start;
      this.#end = end;
      this.#isOpen = true;
    }
    this.#lastKind = kind;
    this.#lastAddress = address;
    if (program.flow[index]! !== NEXT) this.#branch(index, start, next);
  }

  #moveTo(cycle: number) {
    this.#cycle = cycle;
    this.#isOpen = false;
  }

  /** Where an instruction begins that begins a cycle. */
  #begin(kind: number, ready: number): number {
    const free = this.cycles + this.#tables.gap[this.#lastKind * KINDS + kind]!;
    return free > ready ? free : ready;
  }

  #readyAt(index: number, kind: number): number {
    const { readFrom, readRegister, readUse } = this.program;
    const { latency, blocked } = this.#tables;
    let ready = 0;
    if (blocked[kind]! === 1) ready = this.#accumulated + this.core.window!.cycles + 1;
    const end = readFrom[index + 1]!;
    for (let i = readFrom[index]!; i < end; i++) {
      const register = readRegister[i]!;
      const at = this.#made[register]! + latency[this.#result[register]! * USES + readUse[i]!]!;
      if (at > ready) ready = at;
    }
    return ready;
  }

  /** Whether it may be the second of the open pair, whose operands are there. */
  #pairs(kind: number, address: number): boolean {
    const { pair, notSecond } = this.#tables;
    const allowed = pair[this.#lastKind * KINDS + kind]!;
    if (allowed === ALONE) return false;
    if (allowed === PAIRS_BY_BANK) {
      const bank = this.core.pairing!.bankBytes;
      return ((address ^ this.#lastAddress) & bank) !== 0;
    }
    const { window } = this.core;
    if (window === undefined) return true;
    const isLast = this.#accumulated === this.#cycle;
    const before = isLast ? this.#accumulatedBefore : this.#accumulated;
    const isOver = before + window.cycles < this.#cycle;
    return isOver || (allowed !== PAIRS_AT_START && notSecond[kind]! === 0);
  }

  #hold(index: number, kind: number, address: number): number {
    const { hold, holdEach } = this.#tables;
    const moved = this.program.moved[index]!;
    const { storeBytes, unalignedCycles } = this.core;
    if (storeBytes > 0 && (kind === Kind.storeMultiple || kind === Kind.fpStoreMultiple)) {
      const first = Math.floor(address / storeBytes);
      return Math.floor((address + moved * WORD_BYTES - 1) / storeBytes) - first + 1;
    }
    let cycles = hold[kind]!;
    const each = holdEach[kind]!;
    if (each > 0) cycles = Math.max(1, Math.ceil(cycles + each * moved));
    const isWord = kind === Kind.load || kind === Kind.fpLoad;
    return isWord && (address & (WORD_BYTES - 1)) !== 0 ? cycles + unalignedCycles : cycles;
  }

  /** Cycles for which a load's data is late. A store leaves its line to the memory. */
  #wait(kind: number, start: number, missCycles: number): number {
    if (missCycles === 0) return 0;
    const from = Math.max(start, this.#memoryBusyUntil);
    this.#memoryBusyUntil = from + missCycles;
    return isStore(kind) ? 0 : this.#memoryBusyUntil - start;
  }

  #write(index: number, kind: number, start: number, isSecond: boolean, late: number) {
    const { writeFrom, writeRegister, base, moved } = this.program;
    const { result, holdEach } = this.#tables;
    const first = writeFrom[index]!;
    const end = writeFrom[index + 1]!;
    const made = this.#isEarly(index, kind, start, isSecond) ? Result.early : result[kind]!;
    const each = moved[index]! > 0 ? holdEach[kind]! : 0;
    for (let i = first; i < end; i++) {
      const register = writeRegister[i]!;
      this.#made[register] = start + Math.floor((i - first) * each) + late;
      this.#result[register] = made;
    }
    const moves = base[index]!;
    if (moves < 0) return;
    this.#made[moves] = start;
    this.#result[moves] = Result.base;
  }

  /** Whether its operands are there in time for the ALU that is ahead of the usual one. */
  #isEarly(index: number, kind: number, start: number, isSecond: boolean): boolean {
    const { early, earlySecond, latency } = this.#tables;
    if ((isSecond ? earlySecond[kind]! : early[kind]!) === 0) return false;
    const { readFrom, readRegister } = this.program;
    const end = readFrom[index + 1]!;
    for (let i = readFrom[index]!; i < end; i++) {
      const register = readRegister[i]!;
      const needed = latency[this.#result[register]! * USES + Use.shifted]!;
      if (this.#made[register]! + needed > start) return false;
    }
    return true;
  }

  // ---- branches ------------------------------------------------------------------------------------

  #branch(index: number, start: number, next: number) {
    const { program } = this;
    const { branches } = this.core;
    const flow = program.flow[index]!;
    const address = program.address[index]!;
    const isTaken = next !== address + program.bytes[index]!;
    const isCounted = branches.counted === true && this.#closesStraightLoop(address, next);
    if (isTaken) this.#branchedAt = address;
    if (flow === CONDITIONAL) {
      if (isTaken && isCounted) {
        this.#moveTo(start);
        return;
      }
      const isRight = !branches.predicted || this.#foresees(index, next, isTaken);
      if (!isRight) this.#moveTo(this.cycles + this.#wrongCycles(index, start));
      else if (isTaken) this.#moveTo(this.cycles + branches.taken);
      return;
    }
    if (!isTaken) return;
    if (flow < FIRST_INDIRECT) {
      this.#moveTo(this.cycles + branches.taken);
      return;
    }
    const isRight = !branches.predicted || this.#foreseesTarget(index, next);
    this.#moveTo(this.cycles + (isRight ? branches.taken + branches.indirect : branches.wrong));
  }

  /** Whether it goes back and nothing between there and here has branched since. */
  #closesStraightLoop(address: number, next: number): boolean {
    return next <= address && (this.#branchedAt < next || this.#branchedAt >= address);
  }

  #wrongCycles(index: number, start: number): number {
    const { wrong, wrongButKnown, knownFor } = this.core.branches;
    this.mispredicted++;
    const decider = this.program.decider[index]!;
    return start - this.#made[decider]! >= knownFor ? wrongButKnown : wrong;
  }

  /** Backwards is taken and forwards is not, until experience says otherwise. */
  #foresees(index: number, next: number, isTaken: boolean): boolean {
    this.#makeRoom(index);
    let state = this.#foreseen[index]!;
    if (state === 0) {
      const isBackwards = isTaken && next <= this.program.address[index]!;
      state = isBackwards ? WEAKLY_TAKEN + 1 : WEAKLY_NOT_TAKEN + 1;
    }
    const isRight = state - 1 >= WEAKLY_TAKEN === isTaken;
    const level = state - 1 + (isTaken ? 1 : -1);
    this.#foreseen[index] = Math.min(SURELY_TAKEN, Math.max(0, level)) + 1;
    return isRight;
  }

  /** Where it went the last time. */
  #foreseesTarget(index: number, next: number): boolean {
    this.#makeRoom(index);
    const isRight = this.#targets[index]! === next;
    this.#targets[index] = next;
    if (!isRight) this.mispredicted++;
    return isRight;
  }

  #makeRoom(index: number) {
    if (index < this.#foreseen.length) return;
    const { length } = this.program.address;
    const foreseen = new Uint8Array(length);
    const targets = new Uint32Array(length);
    foreseen.set(this.#foreseen);
    targets.set(this.#targets);
    this.#foreseen = foreseen;
    this.#targets = targets;
  }
}

export function isStore(kind: number): boolean {
  return (
    kind === Kind.store ||
    kind === Kind.narrowStore ||
    kind === Kind.storePair ||
    kind === Kind.storeMultiple ||
    kind === Kind.fpStore ||
    kind === Kind.fpStoreDouble ||
    kind === Kind.fpStoreMultiple
  );
}
