/** Shorthand of the decoders: instructions from their parts. Knows no encoding. */
import { type Flow, type Instruction, Kind, type Operand, Use } from "./instruction.js";

export interface Parts {
  readonly reads?: readonly Operand[];
  readonly writes?: readonly number[];
  readonly base?: number;
  readonly flow?: Flow;
  readonly moved?: number;
}

export function instruction(
  bytes: number,
  name: string,
  kind: Kind,
  { reads = [], writes = [], base, flow = "next", moved = 0 }: Parts = {},
): Instruction {
  return {
    ...{ bytes, name, kind, reads, writes, flow, moved, predicated: false },
    ...(base !== undefined && { base }),
  };
}

/** Registers, all read for the same. */
export function read(use: Use, ...registers: number[]): Operand[] {
  return registers.map((register) => ({ register, use }));
}

export function address(...registers: number[]): Operand[] {
  return read(Use.address, ...registers);
}

export function unknown(bytes: number, encoding: number): Instruction {
  return instruction(
    bytes,
    `unknown ${encoding.toString(16).padStart(bytes * 2, "0")}`,
    Kind.unknown,
  );
}

/** `count` numbers from `first` on. */
export function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Numbers of the bits that are set. */
export function bits(mask: number): number[] {
  return range(0, 16).filter((bit) => (mask >> bit) & 1);
}

/** By its mnemonic: bytes and half words take another way than words. */
export function loadKind(name: string): Kind {
  return /^(ldrs?[bh]|l[bh])/.test(name) ? Kind.narrowLoad : Kind.load;
}

export function storeKind(name: string): Kind {
  return /^(str[bh]|s[bh]$)/.test(name) ? Kind.narrowStore : Kind.store;
}
