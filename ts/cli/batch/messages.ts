/** What threads say to each other. Knows nothing of what is computed. */
import { MambaliteError } from "../../core/errors.js";
import type { Outputs } from "../../core/outputs.js";
import { FileProblem } from "../../host/file-problem.js";

/** To a thread: run these items. */
export interface Stretch {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

/** From a thread: the outputs of each item of a stretch, or why an item has none. */
export type Outcome = Done | Failed;

export interface Done {
  readonly results: readonly Outputs[];
  /** Values that were cut off, over all of them. */
  readonly saturations: number;
}

export interface Failed {
  readonly index: number;
  readonly failure: Failure;
}

/** An error, whose class does not survive the way between threads. */
export interface Failure {
  readonly path?: string;
  readonly message: string;
  /** Of an error that this package did not throw on purpose. */
  readonly isUnexpected: boolean;
}

/** What another thread ran into. */
export class ThreadFailed extends MambaliteError {
  readonly code = "THREAD_FAILED";
}

export function toFailure(error: unknown): Failure {
  if (error instanceof FileProblem) {
    return { path: error.path, message: error.reason, isUnexpected: false };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message, isUnexpected: !(error instanceof MambaliteError) };
}

export function toError({ path, message, isUnexpected }: Failure): Error {
  if (path !== undefined) return new FileProblem(path, message);
  return isUnexpected ? new Error(message) : new ThreadFailed(message);
}
