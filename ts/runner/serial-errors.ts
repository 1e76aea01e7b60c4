/** What can go wrong with a board on a serial line, on top of the package's errors. */
import { MambaliteError } from "../core/errors.js";

/** The board does not answer, or not as a runner does, or says that it cannot. */
export class BoardFailed extends MambaliteError {
  readonly code = "BOARD_FAILED";
  constructor(
    /** What is wrong, and what leads on. */
    readonly reason: string,
  ) {
    super(`the board: ${reason}`);
  }
}
