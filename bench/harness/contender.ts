/**
 * What takes part in a race: something that maps the same input to logits, in this process or in a
 * child. Knows nothing of what is inside.
 */
import { isUndisturbed, type Run, timed } from "./undisturbed.js";

export interface Sample {
  readonly runs: readonly Run[];
  /** Of the last run. */
  readonly logits: Float32Array;
}

export interface Contender {
  readonly name: string;
  /** Runs a few times, until enough runs were undisturbed. */
  sample(): Promise<Sample>;
  /** Throws when the logits are not what they should be. */
  verify(logits: Float32Array): void;
  dispose(): void;
}

/** Runs that must have been undisturbed, and how many are made at most to get them. */
export const WANTED_RUNS = 5;
export const MOST_RUNS = 20;

/**
 * A turn begins with runs that do not count, for this long and at least one: others have had the caches
 * since the last one, which a run of 0.3 ms would pay for as dearly as one of 5 ms.
 */
export const TURN_WARM_UP_MS = 3;

interface InProcess {
  readonly name: string;
  readonly verify: (logits: Float32Array) => void;
  readonly dispose?: () => void;
  /** Everything from the caller's input to logits in a Float32Array, copies included. */
  readonly run: () => Float32Array | Promise<Float32Array>;
}

/** A contender that is a function of this process. */
export function inProcess({ name, verify, run, dispose = () => {} }: InProcess): Contender {
  const sample = async (): Promise<Sample> => {
    const runs: Run[] = [];
    let logits: Float32Array = new Float32Array();
    const keep = (made: Float32Array) => {
      logits = made;
    };
    const work = () => {
      const made = run();
      return made instanceof Promise ? made.then(keep) : keep(made);
    };
    for (let warmMs = 0; warmMs < TURN_WARM_UP_MS; ) warmMs += (await timed(work)).wallMs;
    while (runs.length < MOST_RUNS && runs.filter(isUndisturbed).length < WANTED_RUNS) {
      runs.push(await timed(work));
    }
    return { runs, logits };
  };
  return { name, sample, verify, dispose };
}
