/**
 * Temporary files and folders, for Node: each has a name that nobody can guess, is made only where
 * nothing was, and is removed however the process ends. What is not ours is never removed. Knows
 * nothing of what is in them.
 */
import { randomBytes } from "node:crypto";
import { closeSync, lstatSync, mkdirSync, openSync, renameSync, rmSync, type Stats } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { undoAtEnd } from "./ending.js";
import { asFileProblem, FileProblem } from "./file-problem.js";

const PREFIX = ".mambalite-";
const NAME_BYTES = 16;
/** A second name is never needed, except by someone who has read the first. */
const MAX_TRIES = 4;
/** A program that was killed may still end a write: removing is tried again, longer each time. */
const REMOVAL = { recursive: true, force: true, maxRetries: 12, retryDelay: 10 } as const;

const PRIVATE = 0o700;

export class TemporaryPlace {
  readonly path: string;
  readonly #identity: Stats;
  readonly #forget: () => void;

  private constructor(folder: string, make: (path: string) => void) {
    // Watched before anything is there: an interrupt finds either nothing or what it must remove.
    let isMade = false;
    this.#forget = undoAtEnd(() => {
      if (isMade) this.#removeOurs();
    });
    try {
      this.path = makeUnderNewName(folder, make);
      this.#identity = lstatSync(this.path);
      isMade = true;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** An empty file in `folder`. @throws what the file system says */
  static file(folder: string): TemporaryPlace {
    return new TemporaryPlace(folder, (path) => closeSync(openSync(path, "wx")));
  }

  /** An empty folder in `folder`. @throws what the file system says */
  static folder(folder: string): TemporaryPlace {
    return new TemporaryPlace(folder, (path) => mkdirSync(path));
  }

  /** A folder for this user alone where the system keeps such. @throws FileProblem */
  static scratch(): TemporaryPlace {
    try {
      return new TemporaryPlace(tmpdir(), (path) => mkdirSync(path, { mode: PRIVATE }));
    } catch (error) {
      const problem = asFileProblem(tmpdir(), error);
      if (!(problem instanceof FileProblem)) throw error;
      const { path, reason } = problem;
      throw new FileProblem(path, `${reason}; the variable TMPDIR names another folder`, {
        cause: error,
      });
    }
  }

  /** Gives it its name for good: nothing is temporary any more. */
  moveTo(target: string): void {
    renameSync(this.path, target);
    this.#forget();
  }

  /** Harmless when it was moved. */
  remove(): void {
    this.#forget();
    this.#removeOurs();
  }

  /** Unless it was moved, or something else has taken its place. */
  #removeOurs(): void {
    const there = lstatSync(this.path, { throwIfNoEntry: false });
    if (there?.ino === this.#identity.ino && there.dev === this.#identity.dev) {
      rmSync(this.path, REMOVAL);
    }
  }
}

function makeUnderNewName(folder: string, make: (path: string) => void): string {
  for (let tries = 1; ; tries++) {
    const path = join(folder, PREFIX + randomBytes(NAME_BYTES).toString("hex"));
    try {
      make(path);
      return path;
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === "EEXIST";
      if (!isTaken || tries === MAX_TRIES) throw error;
    }
  }
}
