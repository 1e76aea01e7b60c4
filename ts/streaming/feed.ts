/** A source of live input: what it posts to a port until it is stopped. Knows no source. */

export interface Feed {
  stop(): void;
}

/** Posted before the first input, where it does not come at the model's rate. */
export interface FeedRate {
  readonly rateHz: number;
}

/** Inputs in order: samples, or whole frames. */
export type FeedMessage = FeedRate | Float32Array;
