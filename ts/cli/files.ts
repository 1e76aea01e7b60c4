/**
 * Files of a command: every failure is one line with the file's name, and a file is written whole or not at all.
 * Knows nothing of what is in them.
 */
import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { letSignalsIn } from "../host/ending.js";
import { asFileProblem, FileProblem } from "../host/file-problem.js";
import { statOf } from "../host/files.js";
import { TemporaryPlace } from "../host/temporary.js";

export { inFile } from "../host/file-problem.js";
export {
  isDirectory,
  isFileLike,
  listDirectory,
  readBytes,
  requireRegularFile,
} from "../host/files.js";

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
