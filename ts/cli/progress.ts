/** A progress bar for a person: on standard error, and only where that is a terminal. */
import { Presets, SingleBar } from "./libraries.js";

/** Fewer steps than this are over before a bar would be of use. */
const MANY = 16;

export interface Progress {
  /** `count` steps are done. */
  done(count: number): void;
  stop(): void;
}

/** A bar for `total` steps, or nothing if there are few or nobody is watching. */
export function startProgress(total: number, noun: string): Progress {
  const bar = total >= MANY && process.stderr.isTTY ? newBar(noun) : undefined;
  bar?.start(total, 0);
  return { done: (count) => bar?.update(count), stop: () => bar?.stop() };
}

function newBar(noun: string): SingleBar {
  return new SingleBar(
    {
      format: `{bar} {value} of {total} ${noun}, {eta_formatted} left`,
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
}
