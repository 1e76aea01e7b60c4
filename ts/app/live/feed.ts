/** A source of live input: it posts Float32Arrays to a port until it is stopped. */

export interface Feed {
  stop(): void;
}

/** Why a source cannot be had, as one line for a person that also says what to do. */
export class NoSource extends Error {}
