/**
 * Reads the records of csrc/port/qemu/trace.c as they come, in pieces of any length: decodes each instruction once
 * and hands on what is executed. Knows no emulator, no core.
 */
import type { Instruction } from "./isa/instruction.js";
import { decodeRiscv } from "./isa/riscv.js";
import { conditionalBehind, decodeThumb } from "./isa/thumb.js";
import { Program } from "./pipeline/program.js";

export type InstructionSet = "thumb" | "riscv";

/** What wants to know what is executed; Timer is one. */
export interface Listener {
  execute(index: number, addresses: Uint32Array, count: number, next: number): void;
}

const EXECUTED = 0;
const ACCESSED = 1;
const KNOWN = 2;
const WORDS = [1, 2, 3, 2];
const WORD_BYTES = 4;
/** More than any instruction moves. */
const MOST_ADDRESSES = 64;
const NONE = -1;

export class TraceReader {
  /** Whether the trace came to its end. */
  isComplete = false;
  readonly program = new Program();
  #listener: Listener | undefined;
  /** Of each instruction of the trace, its number in the program. */
  readonly #indices: number[] = [];
  readonly #addresses = new Uint32Array(MOST_ADDRESSES);
  #count = 0;
  /** What is executed; it is handed on when it is known where control went. */
  #running = NONE;
  #rest = new Uint8Array(0);
  /** Instructions that are conditional, by the address of the first of them. */
  readonly #conditional = new Map<number, number>();

  constructor(
    readonly set: InstructionSet,
    /** Called for each instruction that is new. */
    readonly onKnown: (index: number, address: number) => void = () => {},
  ) {}

  listen(listener: Listener): void {
    this.#listener = listener;
  }

  feed(piece: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? piece : joined(this.#rest, piece);
    const isAligned = bytes.byteOffset % WORD_BYTES === 0;
    const { buffer, byteOffset, length } = isAligned ? bytes : bytes.slice();
    const words = new Uint32Array(buffer, byteOffset, Math.floor(length / WORD_BYTES));
    const used = this.#read(words) * WORD_BYTES;
    this.#rest = bytes.slice(used);
  }

  /** How many words made whole records. */
  #read(words: Uint32Array): number {
    let at = 0;
    while (at < words.length) {
      const word = words[at]!;
      const tag = word & 3;
      const behind = at + WORDS[tag]!;
      if (behind > words.length) break;
      if (tag === EXECUTED) this.#begin(this.#indices[word >>> 2]!);
      else if (tag === ACCESSED) this.#addresses[this.#count++] = words[at + 1]!;
      else if (tag === KNOWN) this.#learn(word >>> 2, words[at + 1]!, words[at + 2]!);
      else this.#end(words[at + 1]!);
      at = behind;
    }
    return at;
  }

  #begin(index: number) {
    if (this.#running !== NONE) this.#handOn(this.program.address[index]!);
    this.#running = index;
    this.#count = 0;
  }

  #end(next: number) {
    if (this.#running !== NONE) this.#handOn(next);
    this.#running = NONE;
    this.isComplete = true;
  }

  #handOn(next: number) {
    this.#listener?.execute(this.#running, this.#addresses, this.#count, next);
  }

  #learn(id: number, address: number, code: number) {
    const index = this.program.add(address, this.#decode(address, code));
    this.#indices[id] = index;
    this.onKnown(index, address);
  }

  #decode(address: number, code: number): Instruction {
    const first = code & 0xffff;
    const second = code >>> 16;
    if (this.set === "riscv") return decodeRiscv(first, second);
    const conditional = this.#conditional.get(address) ?? 0;
    const found = decodeThumb(first, second, conditional > 0);
    const behind = Math.max(conditional - 1, conditionalBehind(first));
    if (behind > 0) this.#conditional.set(address + found.bytes, behind);
    return found;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
