/**
 * Drives that boards are when they are connected: which of the mounted ones is a board's, and a file onto it. Knows
 * nothing of what is in the file.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { platform } from "node:process";
import { BadArgument } from "../core/errors.js";
import { asFileProblem } from "../host/file-problem.js";
import type { RunnerDrive } from "../runner/index.js";
import { isDirectory, isFileLike, listDirectory, readBytes, writeAndFlush } from "./files.js";

/** Folders in which systems mount drives. */
const MOUNT_PLACES = ["/media", "/run/media", "/mnt", "/Volumes"];
/** Those with a folder a user in between. */
const OF_USERS = ["/media", "/run/media"];

const FIRST_LETTER = "D".charCodeAt(0);
const LAST_LETTER = "Z".charCodeAt(0);

function windowsDrives(): string[] {
  const letters = Array.from(
    { length: LAST_LETTER - FIRST_LETTER + 1 },
    (_, i) => FIRST_LETTER + i,
  );
  return letters.map((letter) => `${String.fromCharCode(letter)}:\\`).filter(existsSync);
}

function mountedDrives(): string[] {
  if (platform === "win32") return windowsDrives();
  return [...MOUNT_PLACES, ...OF_USERS.flatMap(foldersIn)].flatMap(foldersIn);
}

function foldersIn(place: string): string[] {
  try {
    return readdirSync(place)
      .map((name) => join(place, name))
      .filter(isDirectory);
  } catch {
    return []; // not there, or not ours to look into
  }
}

/** What a drive says of itself is short. */
const MOST_BYTES = 1 << 16;

/** Whether the drive says that it is the board's. Nothing there is trusted to be readable. */
export function identifies(path: string, { file, contains }: RunnerDrive): boolean {
  try {
    const name = listDirectory(path).find((other) => other.toUpperCase() === file.toUpperCase());
    if (name === undefined || !isFileLike(join(path, name))) return false;
    const text = Buffer.from(readBytes(join(path, name)).subarray(0, MOST_BYTES)).toString(
      "latin1",
    );
    return contains.some((mark) => text.includes(mark));
  } catch {
    return false;
  }
}

/** How a drive of the board's is known, for a person. */
function marksOf({ file, contains }: RunnerDrive): string {
  return `whose ${file} says ${contains.map((mark) => JSON.stringify(mark)).join(" or ")}`;
}

/** The drive that was given, if it is the board's. @throws BadArgument */
export function requireDrive(board: string, drive: RunnerDrive | undefined, path: string): string {
  if (drive === undefined) throw new BadArgument("--drive", `none: ${board} has no drive`, path);
  if (!isDirectory(path)) throw new BadArgument("--drive", "a mounted drive", path);
  if (identifies(path, drive)) return path;
  throw new BadArgument("--drive", `one of ${board}, ${marksOf(drive)}`, path);
}

/**
 * The one mounted drive that is the board's.
 * @param drives what is looked at; those that the system has mounted
 * @throws BadArgument where there is none, or several
 */
export function findDrive(
  board: string,
  drive: RunnerDrive | undefined,
  drives: readonly string[] = mountedDrives(),
): string {
  if (drive === undefined) {
    throw new BadArgument("--output", `a file: ${board} has no drive`, "nothing");
  }
  const found = [...new Set(drives)].filter((path) => identifies(path, drive));
  const [only, ...more] = found;
  if (only === undefined) {
    const wanted = `a mounted drive of ${board}, ${marksOf(drive)}, or --output FILE`;
    throw new BadArgument("--drive", wanted, "no such drive");
  }
  if (more.length > 0) throw new BadArgument("--drive", "one of them", found.join(", "));
  return only;
}

/**
 * Writes the file as a board wants it: under its own name, from the first byte to the last.
 * @returns whether the drive is still there; a board may start, and leave, at the last byte
 */
export async function copyOnto(path: string, name: string, bytes: Uint8Array): Promise<boolean> {
  const target = join(path, name);
  let isHandedOver = false;
  const pieces = function* () {
    yield bytes;
    isHandedOver = true;
  };
  try {
    await writeAndFlush(target, pieces());
    return true;
  } catch (error) {
    if (isHandedOver && !existsSync(target)) return false;
    throw asFileProblem(target, error);
  }
}
