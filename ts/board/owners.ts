/**
 * Who an instruction's cycles belong to: the function that it is in, and the operator that is being run. The core
 * runs an operator by an indirect call out of one function, having read the operator's record in the model: that
 * tells which it is, without a mark in the firmware. Knows no times.
 */
import { INDIRECT_CALL, type Program } from "./pipeline/program.js";
import type { Cycles, Owners } from "./timer.js";

export interface FunctionSymbol {
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
}

/** How the core runs operators. */
export interface Dispatch {
  /** Name of the function that calls them. */
  readonly from: string;
  /** Where the operators' records begin in memory, how many there are, and bytes of each. */
  readonly records: number;
  readonly operators: number;
  readonly recordBytes: number;
}

/** Of code that no symbol names. */
const NAMELESS = "(no symbol)";
const NONE = -1;

export class OperatorsAndFunctions implements Owners {
  readonly count: number;
  readonly #names: readonly string[];
  readonly #functions: readonly FunctionSymbol[];
  /** Of each instruction of the program. */
  readonly #functionOf: number[] = [];
  readonly #dispatcher: number;
  /** What is charged: an operator, or one past the last for what is between them. */
  #operator: number;
  /** The last operator whose record was read since an operator was run. */
  #read = NONE;

  constructor(
    readonly program: Program,
    functions: readonly FunctionSymbol[],
    readonly dispatch: Dispatch,
  ) {
    this.#functions = functions.filter(({ bytes }) => bytes > 0);
    this.#names = [...this.#functions.map(({ name }) => name), NAMELESS];
    this.#dispatcher = this.#names.indexOf(dispatch.from);
    this.#operator = dispatch.operators;
    this.count = (dispatch.operators + 1) * this.#names.length;
  }

  /** Called for each instruction that is new, in the order of their numbers. */
  known(index: number, address: number): void {
    const found = this.#functions.findIndex(
      (symbol) => address >= symbol.address && address < symbol.address + symbol.bytes,
    );
    this.#functionOf[index] = found < 0 ? this.#names.length - 1 : found;
  }

  owner(index: number, addresses: Uint32Array, count: number): number {
    const of = this.#functionOf[index]!;
    if (of === this.#dispatcher) this.#follow(index, addresses, count);
    const owner = this.#operator * this.#names.length + of;
    if (of === this.#dispatcher && this.program.flow[index]! === INDIRECT_CALL) {
      if (this.#read !== NONE) this.#operator = this.#read;
      this.#read = NONE;
    }
    return owner;
  }

  #follow(index: number, addresses: Uint32Array, count: number) {
    const { records, operators, recordBytes } = this.dispatch;
    this.#operator = operators;
    const isEntry = this.program.address[index]! === this.#functions[this.#dispatcher]!.address;
    if (isEntry) this.#read = NONE;
    for (let i = 0; i < count; i++) {
      const operator = Math.floor((addresses[i]! - records) / recordBytes);
      if (operator >= 0 && operator < operators && operator > this.#read) this.#read = operator;
    }
  }

  /** Of each operator, and behind the last what is between them. */
  byOperator(owners: readonly Cycles[]): Cycles[] {
    const { length } = this.#names;
    return Array.from({ length: this.dispatch.operators + 1 }, (_, i) =>
      sumOf(owners.slice(i * length, (i + 1) * length)),
    );
  }

  /** Of each function that took any, the most first. */
  byFunction(owners: readonly Cycles[]): ({ readonly name: string } & Cycles)[] {
    const { length } = this.#names;
    return this.#names
      .map((name, f) => ({ name, ...sumOf(owners.filter((_, i) => i % length === f)) }))
      .filter(({ instructions }) => instructions > 0)
      .sort((a, b) => b.total - a.total);
  }
}

function sumOf(all: readonly Cycles[]): Cycles {
  const sum = { instructions: 0, core: 0, total: 0, low: 0, high: 0 };
  for (const { instructions, core, total, low, high } of all) {
    sum.instructions += instructions;
    sum.core += core;
    sum.total += total;
    sum.low += low;
    sum.high += high;
  }
  return sum;
}
