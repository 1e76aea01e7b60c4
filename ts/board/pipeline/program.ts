/**
 * Decoded instructions by number, laid out for the loop that executes them millions of times. Knows no core and
 * no instruction set.
 */
import {
  FLAGS,
  type Flow,
  type Instruction,
  isUnknown,
  type Operand,
  Use,
} from "../isa/instruction.js";

export const FLOWS: readonly Flow[] = [
  ...(["next", "conditional", "jump", "call", "indirect", "indirectCall", "return"] as const),
];
export const NEXT = 0;
export const CONDITIONAL = 1;
export const FIRST_INDIRECT = FLOWS.indexOf("indirect");
export const INDIRECT_CALL = FLOWS.indexOf("indirectCall");

const NONE = -1;
const FIRST_CAPACITY = 4096;

export class Program {
  count = 0;
  address = new Uint32Array(FIRST_CAPACITY);
  bytes = new Uint8Array(FIRST_CAPACITY);
  kind = new Uint8Array(FIRST_CAPACITY);
  flow = new Uint8Array(FIRST_CAPACITY);
  moved = new Uint8Array(FIRST_CAPACITY);
  /** The register that is moved on, or -1. */
  base = new Int8Array(FIRST_CAPACITY);
  predicated = new Uint8Array(FIRST_CAPACITY);
  /** What is read of instruction i: from readFrom[i] to readFrom[i + 1]; the same for what is written. */
  readFrom = new Uint32Array(FIRST_CAPACITY + 1);
  writeFrom = new Uint32Array(FIRST_CAPACITY + 1);
  readRegister = new Uint8Array(FIRST_CAPACITY);
  readUse = new Uint8Array(FIRST_CAPACITY);
  writeRegister = new Uint8Array(FIRST_CAPACITY);
  /** Register that says where a conditional branch goes. */
  decider = new Uint8Array(FIRST_CAPACITY);
  readonly instructions: Instruction[] = [];
  /** Encodings that the decoder does not know. */
  readonly unknown = new Map<string, number>();

  /** The number of the new instruction. */
  add(address: number, instruction: Instruction): number {
    const index = this.count++;
    if (this.count >= this.address.length) this.#grow();
    this.instructions.push(instruction);
    this.address[index] = address;
    this.bytes[index] = instruction.bytes;
    this.kind[index] = instruction.kind;
    this.flow[index] = FLOWS.indexOf(instruction.flow);
    this.moved[index] = instruction.moved;
    this.base[index] = instruction.base ?? NONE;
    this.predicated[index] = instruction.predicated ? 1 : 0;
    this.decider[index] = deciderOf(instruction);
    this.#addOperands(index, instruction);
    if (isUnknown(instruction)) {
      this.unknown.set(instruction.name, (this.unknown.get(instruction.name) ?? 0) + 1);
    }
    return index;
  }

  #addOperands(index: number, { reads, writes, flow }: Instruction) {
    let at = this.readFrom[index]!;
    while (at + reads.length > this.readRegister.length) {
      this.readRegister = doubled(this.readRegister);
      this.readUse = doubled(this.readUse);
    }
    for (const { register, use } of waitedFor(reads, flow)) {
      this.readRegister[at] = register;
      this.readUse[at++] = use;
    }
    this.readFrom[index + 1] = at;
    at = this.writeFrom[index]!;
    while (at + writes.length > this.writeRegister.length) {
      this.writeRegister = doubled(this.writeRegister);
    }
    for (const register of writes) this.writeRegister[at++] = register;
    this.writeFrom[index + 1] = at;
  }

  #grow() {
    const length = 2 * this.address.length;
    this.address = grown(this.address, length);
    this.bytes = grown(this.bytes, length);
    this.kind = grown(this.kind, length);
    this.flow = grown(this.flow, length);
    this.moved = grown(this.moved, length);
    this.base = grown(this.base, length);
    this.predicated = grown(this.predicated, length);
    this.decider = grown(this.decider, length);
    this.readFrom = grown(this.readFrom, length + 1);
    this.writeFrom = grown(this.writeFrom, length + 1);
  }
}

/** A branch's condition is foreseen or costs its own cycles: it waits for nothing. */
function waitedFor(reads: readonly Operand[], flow: Flow): readonly Operand[] {
  return flow === "conditional" ? [] : reads;
}

function deciderOf({ reads }: Instruction): number {
  return reads.find(({ use }) => use === Use.operand)?.register ?? FLAGS;
}

type Numbers = Uint8Array | Uint32Array | Int8Array;

function grown<T extends Numbers>(old: T, length: number): T {
  const larger = new (old.constructor as new (length: number) => T)(length);
  larger.set(old);
  return larger;
}

function doubled<T extends Numbers>(old: T): T {
  return grown(old, 2 * old.length);
}
