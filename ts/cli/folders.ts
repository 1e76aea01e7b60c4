/**
 * Writes a folder of files for a command: the whole of it or nothing. Knows nothing of what is in them.
 */
import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { bytePieces, type Files } from "../firmware/node.js";
import { asFileProblem, FileProblem } from "../host/file-problem.js";
import { TemporaryPlace } from "../host/temporary.js";
import { writeAndFlush } from "./files.js";

/** Checks before any work is done that `path` can become a new folder. */
export function requireNewFolder(path: string): void {
  try {
    if (path === "") throw new FileProblem('""', "is not the name of a folder");
    if (isFolder(path)) {
      requireEmpty(path);
      return;
    }
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
      const isLink = lstatSync(path).isSymbolicLink();
      throw new FileProblem(path, isLink ? "is a link to no folder" : "is a file, not a directory");
    }
    const parent = dirname(resolve(path));
    if (!isFolder(parent)) throw new FileProblem(path, `${parent} is not a directory`);
  } catch (error) {
    throw asFileProblem(path, error);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function requireEmpty(path: string, except?: string): void {
  if (readdirSync(path).some((name) => name !== except)) {
    throw new FileProblem(path, "is a directory that is not empty");
  }
}

/**
 * Makes `path`, which is not there or empty, a folder with these files. One that is there is filled and
 * stays what it is: somebody may be in it, and it may be reached through a link.
 */
export async function writeFolder(path: string, files: Files): Promise<void> {
  const target = resolve(path);
  try {
    const isThere = isFolder(target);
    const temporary = TemporaryPlace.folder(isThere ? target : dirname(target));
    try {
      await writeAll(temporary.path, files);
      if (isThere) fill(target, temporary.path);
      else temporary.moveTo(target);
    } finally {
      temporary.remove();
    }
  } catch (error) {
    throw asFileProblem(path, error);
  }
}

async function writeAll(folder: string, files: Files): Promise<void> {
  for (const [name, content] of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    await writeAndFlush(path, bytePieces(content));
  }
}

/** Moves everything in `source`, a folder in `target`, up into it, or nothing. */
function fill(target: string, source: string): void {
  requireEmpty(target, basename(source));
  const moved: string[] = [];
  try {
    for (const name of readdirSync(source)) {
      renameSync(join(source, name), join(target, name));
      moved.push(name);
    }
  } catch (error) {
    for (const name of moved) rmSync(join(target, name), { recursive: true });
    throw error;
  }
}
