/** A command that fails and yet has something to show: it goes to standard output, the reason to standard error. */
import { MambaliteError } from "../core/errors.js";

export class FailedWithReport extends MambaliteError {
  readonly code: string = "FAILED";
  constructor(
    message: string,
    /** For standard output. */
    readonly report: string,
    options: { readonly place?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

/** The model's results are further from the reference than permitted. */
export class BeyondTolerance extends FailedWithReport {
  override readonly code = "BEYOND_TOLERANCE";
}
