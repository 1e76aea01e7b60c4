/** What can go wrong with a sweep as such, rather than with one of its models. Knows nothing of how it is run. */
import { MambaliteError } from "../core/errors.js";

/** A model or data cannot be had as they were when the sweep was planned. Nothing is recorded of tasks that need it. */
export class ContentProblem extends MambaliteError {
  readonly code = "CONTENT_PROBLEM";
  constructor(
    /** As the plan calls it. */
    readonly content: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, { ...options, place: `${content}: ` });
  }
}

/** A file of results cannot be trusted, or is somebody else's. */
export class StoreProblem extends MambaliteError {
  readonly code = "STORE_PROBLEM";
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(reason, { place: `${path}: ` });
  }
}

/** The queue, or who else is at it, does not permit to go on. */
export class QueueProblem extends MambaliteError {
  readonly code = "QUEUE_PROBLEM";
}

/** Some tasks have no result, and would have when the sweep is run again. */
export class SweepIncomplete extends MambaliteError {
  readonly code = "SWEEP_INCOMPLETE";
}
