/**
 * How somebody wants a model to be run, for command line, page and API alike: what was said, as the options of a
 * session. Knows nothing of how it was said.
 */
import { BadArgument } from "./errors.js";
import type { Schedule, SessionOptions } from "./plan.js";

export interface RunSettings {
  /** Default "stream". */
  readonly schedule?: Schedule;
  /** Frames processed together; of "stream" only. Default: by `budget`, else 1. */
  readonly tile?: number;
  /** Most bytes of arena. */
  readonly budget?: number;
}

/**
 * Options of a session that holds sequences of `frames` frames.
 * @throws BadArgument for a tile with a schedule that has none
 */
export function sessionOptions(settings: RunSettings, frames?: number): SessionOptions {
  const { schedule = "stream", tile, budget } = settings;
  const rest = {
    ...(frames !== undefined && { maxFrames: frames }),
    ...(budget !== undefined && { arenaBudgetBytes: budget }),
  };
  if (schedule === "stream") return { schedule, ...(tile !== undefined && { tile }), ...rest };
  if (tile === undefined) return { schedule, ...rest };
  throw new BadArgument("tile", 'none: tile belongs to the schedule "stream"', schedule);
}
