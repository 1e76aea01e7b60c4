/**
 * What a core is described by: cycles an instruction holds the pipeline, latencies from a kind of result to a kind
 * of use, what pairs, what a branch costs. Plain data; the machinery is scoreboard.ts. Knows no core.
 */
import type { Kind, Use } from "../isa/instruction.js";

/** Kinds of results: by when, and to whom, they can be handed on. */
export const Result = {
  /** Of an ALU ahead of the usual one. */
  early: 0,
  late: 1,
  load: 2,
  /** Bytes and half words. */
  narrowLoad: 3,
  multiply: 4,
  /** An address register, moved on. */
  base: 5,
  reversed: 6,
  fpSum: 7,
  fpMla: 8,
  fpFused: 9,
  fpLoad: 10,
  fpMove: 11,
  coreToFp: 12,
  fpToCore: 13,
  double: 14,
  saturated: 15,
} as const;
export type Result = (typeof Result)[keyof typeof Result];

export const RESULTS = Object.keys(Result).length;

type KindName = keyof typeof Kind;
type UseName = keyof typeof Use;
type ResultName = keyof typeof Result;

/** Cycles that an instruction holds the pipeline: `first` and `each` for every register it moves, rounded up. */
export interface Hold {
  readonly first: number;
  readonly each?: number;
}

export interface Branches {
  /** Whether branches are predicted; where they are not, `taken` is all there is. */
  readonly predicted: boolean;
  /** Cycles on top of its own that a branch takes that was foreseen to be taken. */
  readonly taken: number;
  /** On top, for one whose target is in a register. */
  readonly indirect: number;
  /** On top, for one that was foreseen wrongly. */
  readonly wrong: number;
  /** The same where what decides was known `knownFor` cycles before. */
  readonly wrongButKnown: number;
  readonly knownFor: number;
  /** Loops without branches in them are counted by hardware: the branch back to their begin is none. */
  readonly counted?: boolean;
}

/** Two in one cycle. Everything else pairs. */
export interface Pairing {
  /** Never with anything. */
  readonly alone: readonly KindName[];
  /** Only as the first of two. */
  readonly firstOnly: readonly KindName[];
  /** Not with each other. */
  readonly exclusive: readonly (readonly KindName[])[];
  /** Not as first and second. */
  readonly never: readonly {
    readonly first: readonly KindName[];
    readonly second: readonly KindName[];
  }[];
  /** Each other's only where their words lie in different banks. */
  readonly banked: readonly KindName[];
  /** Of a bank, in bytes: banks take turns. */
  readonly bankBytes: number;
}

/** What may not follow a multiply-accumulate at once. */
export interface AccumulateWindow {
  readonly cycles: number;
  /** Not at all while it lasts. */
  readonly blocked: readonly KindName[];
  /** Not as the second of a pair while it lasts, and not beside one but the first of a series. */
  readonly notSecond: readonly KindName[];
}

export interface Core {
  readonly id: string;
  readonly name: string;
  /** Default: 1. */
  readonly holds: Readonly<Partial<Record<KindName, Hold>>>;
  /** Default: late. */
  readonly results: Readonly<Partial<Record<KindName, ResultName>>>;
  /** Cycles from the producer's to the consumer's; default: `otherwise`. */
  readonly latencies: Readonly<Partial<Record<ResultName, Latencies>>>;
  /** Kinds that run in the early ALU where their operands are there in time, and there is one. */
  readonly early: readonly KindName[];
  /** Of `early`, those that do it as the second of a pair, too. */
  readonly earlySecond: readonly KindName[];
  /** Absent: one instruction a cycle. */
  readonly pairing?: Pairing;
  readonly window?: AccumulateWindow;
  /** Extra cycles between an instruction and the one right behind it. */
  readonly gaps: readonly {
    readonly first: readonly KindName[];
    readonly second: readonly KindName[] | "others";
    readonly cycles: number;
  }[];
  readonly branches: Branches;
  /** On top of a load of a word across two words. */
  readonly unalignedCycles: number;
  /** Stores of several registers take a cycle for each so many bytes of memory that they touch; 0: they do not. */
  readonly storeBytes: number;
}

export type Latencies = Readonly<Partial<Record<UseName, number>>> & { readonly otherwise: number };
