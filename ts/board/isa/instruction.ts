/**
 * What a pipeline has to know of an instruction, the same for every instruction set: what kind of work it is,
 * which registers it reads and at which stage, which it writes. Knows no core and no encoding.
 */

/** Kinds of work. Cores tell them apart by cost, or by what they pair with. */
export const Kind = {
  /** Add, subtract, move, without a shifter. */
  simple: 0,
  /** Logic, carries, comparisons. */
  alu: 1,
  /** With a constant that is a byte, rotated. */
  shiftedConstant: 2,
  /** With an operand that is shifted on the way. */
  shifted: 3,
  shift: 4,
  /** Extracts, inserts, packs: the shifter's work. */
  bitfield: 5,
  /** Parallel arithmetic, extensions, clz. */
  simd: 6,
  multiply: 7,
  multiplyAccumulate: 8,
  divide: 9,
  load: 10,
  store: 11,
  loadPair: 12,
  storePair: 13,
  loadMultiple: 14,
  storeMultiple: 15,
  branch: 16,
  tableBranch: 17,
  it: 18,
  nop: 19,
  system: 20,
  atomic: 21,
  /** Single precision: add, subtract, convert, round, smaller, larger, sign. */
  fpAdd: 22,
  fpMultiply: 23,
  /** Rounds twice. */
  fpMla: 24,
  fpFused: 25,
  fpDivide: 26,
  fpRoot: 27,
  fpCompare: 28,
  fpSelect: 29,
  fpMove: 30,
  fpConstant: 31,
  fpToCore: 32,
  coreToFp: 33,
  fpToCorePair: 34,
  coreToFpPair: 35,
  /** Comparison result to the core's flags. */
  fpFlags: 36,
  fpLoad: 37,
  fpStore: 38,
  fpLoadDouble: 39,
  fpStoreDouble: 40,
  fpLoadMultiple: 41,
  fpStoreMultiple: 42,
  doubleAdd: 43,
  doubleMultiply: 44,
  doubleAccumulate: 45,
  doubleDivide: 46,
  reverse: 47,
  saturate: 48,
  /** A byte or a half word. */
  narrowLoad: 49,
  narrowStore: 50,
  unknown: 51,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export const KINDS = Object.keys(Kind).length;

/** What a register is read for: pipelines take operands at different stages. */
export const Use = {
  operand: 0,
  /** Goes through a shifter first. */
  shifted: 1,
  /** Beside an operand that goes through a shifter. */
  besideShifted: 2,
  address: 3,
  accumulator: 4,
  multiplicand: 5,
  stored: 6,
  condition: 7,
  fpOperand: 8,
  fpFactor: 9,
  fpMlaAccumulator: 10,
  fpFusedAccumulator: 11,
  fpMultiplicand: 12,
  fpStored: 13,
  fpMoved: 14,
  fpToCore: 15,
  coreToFp: 16,
  /** Flags, for a selection that needs them before its operands. */
  selection: 17,
} as const;
export type Use = (typeof Use)[keyof typeof Use];

export const USES = Object.keys(Use).length;

/** Where control goes behind an instruction. */
export type Flow =
  | "next"
  | "conditional"
  | "jump"
  | "call"
  | "indirect"
  | "indirectCall"
  | "return";

/** Core registers 0 .. 31, floating-point ones (32 bits each) 32 .. 63, flags. */
export const FP_FIRST = 32;
export const FLAGS = 64;
export const FP_FLAGS = 65;
export const REGISTERS = 66;

export interface Operand {
  readonly register: number;
  readonly use: Use;
}

export interface Instruction {
  readonly bytes: number;
  /** Mnemonic without condition, width and type. */
  readonly name: string;
  readonly kind: Kind;
  readonly reads: readonly Operand[];
  readonly writes: readonly number[];
  /** The address register that is moved on, if one is. */
  readonly base?: number;
  readonly flow: Flow;
  /** It is skipped where a condition is false, without being a branch. */
  readonly predicated: boolean;
  /** Registers that a load or store moves. */
  readonly moved: number;
}

export function isUnknown(instruction: Instruction): boolean {
  return instruction.kind === Kind.unknown;
}
