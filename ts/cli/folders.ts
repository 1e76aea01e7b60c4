/**
 * Writes a folder of files for a command: the whole of it or nothing. Knows nothing of what is in them.
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type Files, writeFiles } from "../firmware/node.js";
import { FileProblem } from "./files.js";

/** Checks before any work is done that `path` can become a new folder. */
export function requireNewFolder(path: string): void {
  const parent = dirname(resolve(path));
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory()) {
    throw new FileProblem(path, `${parent} is not a directory`);
  }
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isDirectory()) throw new FileProblem(path, "is a file, not a directory");
  if (readdirSync(path).length > 0) throw new FileProblem(path, "is a directory that is not empty");
}

/** Makes `path`, which is not there or empty, a folder with these files in one step. */
export function writeFolder(path: string, files: Files): void {
  const target = resolve(path);
  let temporary: string | undefined;
  try {
    temporary = mkdtempSync(join(dirname(target), `.${basename(target)}.`));
    const made = join(temporary, "project");
    mkdirSync(made);
    writeFiles(made, files);
    renameSync(made, target);
  } catch (error) {
    throw new FileProblem(path, error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  } finally {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}
