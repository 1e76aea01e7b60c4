/**
 * Reading files and listing folders, for Node: every failure is one line with the name. Knows nothing of what is in
 * them.
 */
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { asFileProblem, FileProblem } from "./file-problem.js";

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

/** Undefined where there is nothing that can be looked at: what is wrong with it is said where it is read. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
