/** What the options of a verification may be at most. */

/** Longer than this a timer of Node does not wait at all. */
export const MAX_TIMEOUT_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/** A day: the emulated harness counts samples in 32 bits. */
export const MAX_STREAM_SECONDS = 86_400;
