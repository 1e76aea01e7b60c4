/** The error by which a page learns that a checkpoint needs a person: it carries a draft of its network. */
import { BadCheckpoint } from "../../core/errors.js";
import type { DraftAnswer } from "./protocol.js";

/** A checkpoint of no known network: what it probably is, for a person to mend. */
export class DraftNeeded extends BadCheckpoint {
  constructor(
    { tensor, expected, got }: BadCheckpoint,
    readonly draft: DraftAnswer,
  ) {
    super(tensor, expected, got);
  }
}
