/**
 * What a reader has to bring to be fuzzed. A file beside this one that exports a `ReaderTarget` is
 * found by itself. Knows no reader.
 */
import { readFileSync } from "node:fs";
import type { Random } from "./random.js";

export interface ReaderTarget {
  /** As it is named on the command line. */
  readonly name: string;
  /** Files that the reader takes, or nearly: what is damaged. */
  seeds(): Promise<Uint8Array[]> | Uint8Array[];
  /** Reads; may throw this package's errors and no others. What it returns, or resolves to, is not looked at. */
  read(bytes: Uint8Array): unknown;
  /** Damage that gets further into this format than changed bytes do. */
  readonly mutations?: readonly Mutation[];
}

/** A damaged copy. */
export type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

/** A file of the repository; the runner works in its root. */
export function repositoryFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
