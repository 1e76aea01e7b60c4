/**
 * What lies where, and what it costs to reach it: memories of a board by their caches and cycles, and the stretches
 * of a traced program that are thought to lie in them. Knows no board and no core.
 */
import type { CacheShape } from "./cache.js";

/** With its bar, in cycles of the core. */
export interface Cost {
  readonly usual: number;
  readonly low: number;
  readonly high: number;
}

/** Which of a board's caches something goes through. */
export type CacheName = "instructions" | "data" | "shared";

export interface Memory {
  readonly name: string;
  /** Caches that instructions and data go through; absent: none. */
  readonly instructions?: CacheName;
  readonly data?: CacheName;
  /** Of a line that is not in its cache; of each access where there is none. */
  readonly cycles: Cost;
}

export type Caches = Readonly<Partial<Record<CacheName, CacheShape>>>;

/** What of a program is placed as one. */
export const THINGS = ["weights", "arena", "code", "data", "inputs"] as const;
export type Thing = (typeof THINGS)[number];

/** Ids of the memories. */
export type Placement = Readonly<Record<Thing, string>>;

/** A stretch of the traced program's addresses. */
export interface Stretch {
  readonly thing: Thing;
  readonly begin: number;
  /** One past its last byte. */
  readonly end: number;
}

export const FREE: Cost = { usual: 0, low: 0, high: 0 };

export function exactly(cycles: number): Cost {
  return { usual: cycles, low: cycles, high: cycles };
}
