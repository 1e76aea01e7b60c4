/**
 * Reading and writing files for a command: every failure is one line with the file's name, and a
 * file is written whole or not at all. Knows nothing of what is in them.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { letSignalsIn } from "../host/ending.js";
import { asFileProblem, FileProblem } from "../host/file-problem.js";
import { TemporaryPlace } from "../host/temporary.js";

export { inFile } from "../host/file-problem.js";

/** The bytes of a file, or of a pipe up to its end. */
export function readBytes(path: string): Uint8Array {
  try {
    const file = openSync(path, "r");
    try {
      const stats = fstatSync(file);
      if (stats.isDirectory()) throw new FileProblem(path, "is a directory, not a file");
      if (stats.isFile()) return readFileSync(file);
      return readPipe(path, file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw asFileProblem(path, error);
  }
}

const PIPE_CHUNK_BYTES = 1 << 20;
const MAX_PIPE_BYTES = 1 << 30;

/** A pipe has no size: read what comes, within bounds. */
function readPipe(path: string, file: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const chunk = new Uint8Array(PIPE_CHUNK_BYTES);
    const count = readSync(file, chunk);
    if (count === 0) return Buffer.concat(chunks);
    bytes += count;
    if (bytes > MAX_PIPE_BYTES) throw new FileProblem(path, `more than ${MAX_PIPE_BYTES} bytes`);
    chunks.push(chunk.subarray(0, count));
  }
}

/**
 * Refuses what a listing named but is no file: reading a pipe that nobody writes to never ends.
 * @throws FileProblem
 */
export function requireRegularFile(path: string): void {
  try {
    if (!statSync(path).isFile()) throw new FileProblem(path, "is not a regular file");
  } catch (error) {
    throw asFileProblem(path, error);
  }
}

export function isDirectory(path: string): boolean {
  return statOf(path)?.isDirectory() ?? false;
}

/** Whether there is something to read: a file, a pipe, but not a directory. */
export function isFileLike(path: string): boolean {
  const stats = statOf(path);
  return stats !== undefined && !stats.isDirectory();
}

/** Names in a directory, sorted. */
export function listDirectory(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    throw asFileProblem(path, error);
  }
}

/**
 * Makes `path` a file of these bytes in one step; on failure whatever was there is still there.
 * `sources` are the files the bytes were made from: they are never overwritten.
 */
export async function writeAtomically(
  path: string,
  bytes: Uint8Array,
  sources: readonly string[],
): Promise<void> {
  try {
    const target = resolveTarget(path, sources);
    const temporary = TemporaryPlace.file(dirname(target));
    try {
      await writeAndFlush(temporary.path, piecesOf(bytes));
      temporary.moveTo(target);
    } finally {
      temporary.remove();
    }
  } catch (error) {
    throw asFileProblem(path, error);
  }
}

const PIECE_BYTES = 1 << 20;

function* piecesOf(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield bytes.subarray(at, at + PIECE_BYTES);
  }
}

/** Writes a file piece by piece; an interrupt is heard between two. */
export async function writeAndFlush(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const file = openSync(path, "w");
  try {
    for (const piece of pieces) {
      writeFileSync(file, piece);
      await letSignalsIn();
    }
    fsyncSync(file);
    await letSignalsIn();
  } finally {
    closeSync(file);
  }
}

/** Checks before any work is done that `path` could be written. */
export function requireWritable(path: string, sources: readonly string[]): void {
  try {
    resolveTarget(path, sources);
    if (!statSync(dirname(path)).isDirectory()) {
      throw new FileProblem(path, `${dirname(path)} is not a directory`);
    }
  } catch (error) {
    throw asFileProblem(path, error);
  }
}

/** The file behind `path`, through symbolic links. */
function resolveTarget(path: string, sources: readonly string[]): string {
  const stats = statOf(path);
  if (stats === undefined) return path;
  if (stats.isDirectory()) throw new FileProblem(path, "is a directory, not a file");
  if (!stats.isFile()) throw new FileProblem(path, "is not a regular file");
  for (const source of sources) {
    if (isSameFile(stats, statOf(source))) {
      throw new FileProblem(path, "is the file it would be made from");
    }
  }
  return realpathSync(path);
}

function isSameFile(a: Stats, b: Stats | undefined): boolean {
  return b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/** Undefined where there is nothing that can be looked at: what is wrong with it is said where it is read. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
