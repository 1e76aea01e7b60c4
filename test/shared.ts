/** What several test files need and the first of them makes, for the length of one run. Knows nothing of what it is. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { setTimeout } from "node:timers/promises";

/** Names the run's folder to the processes that files are run in. */
const VARIABLE = "MAMBALITE_TESTS_SHARED";
const POLL_MS = 100;

/** Makes the run's folder. @returns what removes it; undefined where it is there already */
export function openShared(): (() => void) | undefined {
  if (env[VARIABLE] !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "mambalite-tests-"));
  env[VARIABLE] = folder;
  return () => {
    delete env[VARIABLE];
    rmSync(folder, { recursive: true, force: true });
  };
}

/** The folder that `make` filled, in this file or in another one, which may still be at it. */
export async function sharedFolder(
  name: string,
  make: (folder: string) => void | Promise<void>,
): Promise<string> {
  const folder = join(env[VARIABLE]!, name);
  const lock = `${folder}.lock`;
  while (!existsSync(folder)) {
    if (!takes(lock)) {
      await setTimeout(POLL_MS);
      continue;
    }
    try {
      if (!existsSync(folder)) await fill(folder, make);
    } finally {
      rmdirSync(lock);
    }
  }
  return folder;
}

/** Making a folder is what only one of several can do. */
function takes(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Aside, and moved in place: what is there is whole. */
async function fill(folder: string, make: (folder: string) => void | Promise<void>): Promise<void> {
  const work = `${folder}.work`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  await make(work);
  renameSync(work, folder);
}
