/** A command that fails and yet has something to show: it goes to standard output, the reason to standard error. */
import { type ErrorFacts, MambaliteError } from "../core/errors.js";

export class FailedWithReport extends MambaliteError {
  /** That of the reason. */
  readonly code: string;

  constructor(
    readonly reason: MambaliteError,
    /** For standard output: text, or with --json the members of what is printed. */
    readonly report: string | object,
  ) {
    super("", { place: reason.message, cause: reason });
    this.code = reason.code;
  }

  override toJSON(): ErrorFacts {
    return this.reason.toJSON();
  }
}
