/**
 * The file of results: a line a task, its key first, written whole, at the end, and never changed. One process writes
 * it at a time. What an interrupted process left of a line is taken away. Knows nothing of what results mean.
 */
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { undoAtEnd } from "../host/ending.js";
import { asFileProblem } from "../host/file-problem.js";
import { isFileLike, readBytes } from "../host/files.js";
import { isGone, type Owner, ownerText, readOwner, thisProcess } from "../host/owner.js";
import { shorten } from "../plain-text.js";
import { StoreProblem } from "./problems.js";
import { isResult, type Result } from "./result.js";

const NEWLINE = 0x0a;
const SHOWN_CHARACTERS = 60;
const LINE_BEGIN = '{"key":"';

/** Where each task's line is. */
type Lines = Map<string, { readonly start: number; readonly end: number; readonly number: number }>;

export interface Stored {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly lines: Lines;
  /** Where the last whole line ends. */
  readonly end: number;
}

/** What is in a file of results; nothing where there is none. @throws StoreProblem, FileProblem */
export function readStore(path: string): Stored {
  if (!isFileLike(path)) return { path, bytes: new Uint8Array(0), lines: new Map(), end: 0 };
  const bytes = readBytes(path);
  const lines: Lines = new Map();
  let start = 0;
  for (let number = 1; ; number++) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) {
      if (start === 0) requireBegunLine(path, bytes);
      return { path, bytes, lines, end: start };
    }
    const text = textAt(bytes, start, end);
    const key = keyOf(text);
    if (key === undefined) {
      throw noResult(path, number, text);
    }
    const before = lines.get(key);
    if (before === undefined) lines.set(key, { start, end, number });
    else if (textAt(bytes, before.start, before.end) !== text) {
      throw new StoreProblem(
        path,
        `lines ${before.number} and ${number} are different results of the task ${key}: ` +
          "two planners have written it, of different builds; delete the wrong line",
      );
    }
    start = end + 1;
  }
}

/** What is no line yet is cut off: of a file without any it must be the beginning of one, or somebody's file is lost. */
function requireBegunLine(path: string, bytes: Uint8Array): void {
  const text = textAt(bytes, 0, LINE_BEGIN.length);
  if (!LINE_BEGIN.startsWith(text)) throw noResult(path, 1, textAt(bytes, 0, SHOWN_CHARACTERS));
}

function noResult(path: string, number: number, text: string): StoreProblem {
  const shown = JSON.stringify(shorten(text, SHOWN_CHARACTERS));
  return new StoreProblem(path, `line ${number} is no result of a sweep: ${shown}`);
}

export function lineOf({ bytes, lines }: Stored, key: string): string | undefined {
  const place = lines.get(key);
  return place && textAt(bytes, place.start, place.end);
}

/** @throws StoreProblem where the line is not what a sweep writes */
export function resultOf(stored: Stored, key: string): Result | undefined {
  const line = lineOf(stored, key);
  if (line === undefined) return undefined;
  const result: unknown = JSON.parse(line);
  if (isResult(result)) return result;
  const { number } = stored.lines.get(key)!;
  throw new StoreProblem(
    stored.path,
    `line ${number} is no whole result of the task ${key}: delete the line, and sweep again`,
  );
}

function textAt(bytes: Uint8Array, start: number, end: number): string {
  return new TextDecoder().decode(bytes.subarray(start, end));
}

/** Undefined of what is no line of a store. */
function keyOf(line: string): string | undefined {
  try {
    const [name, key] = Object.entries(JSON.parse(line))[0] ?? [];
    return name === "key" && typeof key === "string" ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Open for writing, by this process alone. */
export class Store {
  readonly #keys: Set<string>;
  #bytes: number;
  #isClosed = false;

  private constructor(
    readonly path: string,
    private readonly file: number,
    private readonly unlock: () => void,
    { lines, end }: Stored,
  ) {
    this.#keys = new Set(lines.keys());
    this.#bytes = end;
  }

  /** @throws StoreProblem, FileProblem */
  static open(path: string): Store {
    const unlock = lock(path);
    try {
      const stored = readStore(path);
      const file = openSync(path, "a");
      ftruncateSync(file, stored.end);
      return new Store(path, file, unlock, stored);
    } catch (error) {
      unlock();
      throw asFileProblem(path, error);
    }
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /**
   * Adds lines of tasks that have none yet: all of them or, where that fails, none.
   * @returns how many
   * @throws FileProblem (a full disk), StoreProblem (somebody else writes, too)
   */
  append(lines: readonly string[]): number {
    const added = lines
      .map((line) => [keyOf(line)!, line] as const)
      .filter(([key]) => !this.has(key));
    if (added.length === 0) return 0;
    const bytes = new TextEncoder().encode(added.map(([, line]) => `${line}\n`).join(""));
    try {
      if (fstatSync(this.file).size !== this.#bytes) {
        throw new StoreProblem(this.path, "another process has written to it: sweep it again");
      }
      this.#write(bytes);
    } catch (error) {
      throw asFileProblem(this.path, error);
    }
    this.#bytes += bytes.length;
    for (const [key] of added) this.#keys.add(key);
    return added.length;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.file);
    this.unlock();
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.file, bytes, at);
    } catch (error) {
      ftruncateSync(this.file, this.#bytes);
      throw error;
    }
  }
}

// ---- one writer --------------------------------------------------------------------------------------

/** @returns gives it back */
function lock(store: string): () => void {
  const path = `${store}.lock`;
  take(store, path);
  const remove = () => rmSync(path, { force: true });
  const forget = undoAtEnd(remove);
  return () => {
    forget();
    remove();
  };
}

function take(store: string, path: string): void {
  try {
    writeFileSync(path, JSON.stringify(thisProcess()), { flag: "wx" });
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw asFileProblem(path, error);
  }
  const owner = ownerOf(path);
  if (owner === undefined || !isGone(owner)) {
    throw new StoreProblem(store, `${ownerText(owner)} writes to it; if not, delete ${path}`);
  }
  rmSync(path, { force: true });
  take(store, path);
}

function ownerOf(path: string): Owner | undefined {
  try {
    return readOwner(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
