/**
 * What a session is asked to be (its options) and what it will cost (its plan), in the words of
 * this package. Checks options; every size comes from the core.
 */
import { type Core, type OptionWords, STATUS_OK } from "./core.js";
import { ArenaTooSmall, BadArgument, TooLarge } from "./errors.js";

/**
 * - "stream": recurrent state and one tile of activations; memory does not depend on the length of
 *   the sequence.
 * - "layer": whole-sequence activations, fused scan: the layout of the paper.
 * - "unfused": as "layer", with discretised dA and dB*u materialised as in the textbook reference.
 */
export type Schedule = "stream" | "layer" | "unfused";

interface AnySessionOptions {
  /**
   * Longest sequence in frames; needed by "layer" and "unfused", and by "stream" where the model's
   * `info.needsMaxFrames` says so. Default: the model's own `info.maxFrames`, if it has one.
   */
  readonly maxFrames?: number;
  /**
   * The most that the arena may take. "stream" without a `tile` then uses the largest one of
   * BUDGET_TILES whose arena fits: the larger, the faster.
   */
  readonly arenaBudgetBytes?: number;
}

export interface StreamOptions extends AnySessionOptions {
  readonly schedule?: "stream";
  /** Frames processed together, 1 or more. Default 1. */
  readonly tile?: number;
}

/** The whole sequence is processed together: there is no tile. */
export interface WholeSequenceOptions extends AnySessionOptions {
  readonly schedule: Exclude<Schedule, "stream">;
  readonly tile?: never;
}

/** Default: the schedule "stream" with a tile of 1. */
export type SessionOptions = StreamOptions | WholeSequenceOptions;

/** Frames processed together that a budget chooses from; beyond them little is gained. */
export const BUDGET_TILES: readonly number[] = [1, 2, 4, 8, 16, 32, 64];

export type BufferKind = "state" | "scratch" | "io";

/** One buffer of the arena. Buffers whose operators do not overlap may share bytes. */
export interface PlanBuffer {
  /** `${op}.${role}`, or "session" for the session's own bookkeeping. */
  readonly name: string;
  readonly kind: BufferKind;
  /** Rows of the whole sequence, because a later stage reads them. */
  readonly isWhole: boolean;
  /** Bytes from the start of the arena. */
  readonly offset: number;
  readonly bytes: number;
  /** First and last operator during which it is alive, both inclusive. */
  readonly firstOp: number;
  readonly lastOp: number;
}

/** The memory of a session, exact. arenaBytes = stateBytes + scratchBytes + ioBytes. */
export interface Plan {
  readonly schedule: Schedule;
  /** Frames processed together: for "layer" and "unfused" the whole sequence. */
  readonly tile: number;
  /** Longest sequence in frames; 0: no limit. */
  readonly maxFrames: number;
  /** Everything the session needs besides the blob. */
  readonly arenaBytes: number;
  /** Largest sum of bytes alive at one operator: no plan can do with less. */
  readonly minimumBytes: number;
  /** arenaBytes - minimumBytes. */
  readonly overheadBytes: number;
  readonly stateBytes: number;
  /** Of these, the session's own bookkeeping. */
  readonly sessionBytes: number;
  readonly scratchBytes: number;
  readonly ioBytes: number;
  /** Of all of these, buffers that hold a whole sequence. */
  readonly wholeBytes: number;
  /** The caller's memory for one tile of input frames and for outputs that are vectors; not in the arena. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly buffers: readonly PlanBuffer[];
}

/** The default first. */
export const SCHEDULES: readonly Schedule[] = ["stream", "layer", "unfused"];
const BUFFER_KINDS: readonly BufferKind[] = ["state", "scratch", "io"];
const SESSION_ROLE = "session";
const MAX_U32 = 2 ** 32 - 1;

/** The core's number of a schedule. @throws BadArgument */
export function scheduleWord(schedule: Schedule): number {
  const word = SCHEDULES.indexOf(schedule);
  if (word < 0) {
    throw new BadArgument("schedule", SCHEDULES.join(", "), JSON.stringify(schedule) ?? "nothing");
  }
  return word;
}

/** What options depend on of a model: of its `ModelInfo`. */
export interface FrameLimits {
  readonly maxFrames: number;
  readonly needsMaxFrames: boolean;
}

/** Options as the core takes them. @throws BadArgument */
export function optionWords(options: SessionOptions, limits: FrameLimits): OptionWords {
  const schedule = options.schedule ?? "stream";
  const word = scheduleWord(schedule);
  const streams = schedule === "stream";
  if (!streams && options.tile !== undefined) {
    throw new BadArgument("tile", 'none: tile belongs to the schedule "stream"', schedule);
  }
  const tile = streams ? frameCount("tile", options.tile ?? 1) : 0;
  return [word, tile, maxFramesOf(options, limits, streams)];
}

function maxFramesOf(options: SessionOptions, limits: FrameLimits, streams: boolean): number {
  const { maxFrames } = options;
  if (maxFrames !== undefined) frameCount("maxFrames", maxFrames);
  if (streams && !limits.needsMaxFrames) return 0;
  const most = limits.maxFrames;
  if (maxFrames !== undefined && most > 0 && maxFrames > most) {
    throw new BadArgument("maxFrames", `at most ${most}, the network's own`, String(maxFrames));
  }
  const chosen = maxFrames ?? most;
  if (chosen === 0) {
    const why = streams ? "this network, part of which sees a whole sequence" : "this schedule";
    throw new BadArgument("maxFrames", `the longest sequence for ${why}`, "nothing");
  }
  return chosen;
}

/**
 * Options with the tile that their budget allows, and without the budget.
 * @throws ArenaTooSmall when nothing fits it; BadArgument, TooLarge, OutOfMemory
 */
export function withinBudget(
  core: Core,
  options: SessionOptions,
  limits: FrameLimits,
): SessionOptions {
  const { arenaBudgetBytes: budget, ...rest } = options;
  if (budget === undefined) return options;
  if (!(budget >= 0)) throw new BadArgument("arenaBudgetBytes", "0 or more", String(budget));
  const candidates = withTiles(rest);
  const sizes = candidates.map((candidate) => planNumbers(core, candidate, limits).arenaBytes);
  const fitting = candidates.findLast((_, i) => sizes[i]! <= budget);
  if (fitting === undefined) throw new ArenaTooSmall(sizes[0]!, budget);
  return fitting;
}

/** The options with each tile that may be chosen, the smallest first; as they are where there is no choice. */
function withTiles(options: SessionOptions): readonly SessionOptions[] {
  const { schedule = "stream", ...rest } = options;
  if (schedule !== "stream" || rest.tile !== undefined) return [options];
  return BUDGET_TILES.map((tile) => ({ ...rest, schedule, tile }));
}

/** A number of frames that the core can count. @throws BadArgument */
export function frameCount(argument: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > MAX_U32) {
    throw new BadArgument(argument, `an integer from 1 to ${MAX_U32}`, String(value));
  }
  return value;
}

/** The numbers of a plan that a session needs to be made. */
export type PlanNumbers = Pick<Plan, "arenaBytes" | "outputBytes" | "tile" | "maxFrames">;

/** @throws as `makePlan` */
export function planNumbers(core: Core, options: SessionOptions, limits: FrameLimits): PlanNumbers {
  const words = optionWords(options, limits);
  const { status, plan } = core.planNumbers(words);
  if (status !== STATUS_OK) throw planError(core, status, options);
  return { ...plan, maxFrames: words[2] };
}

/** @throws BadArgument, TooLarge (arena over 4 GiB), OutOfMemory (the plan's own table). */
export function makePlan(core: Core, options: SessionOptions, limits: FrameLimits): Plan {
  const words = optionWords(options, limits);
  const { status, plan, buffers } = core.makePlan(words);
  if (status !== STATUS_OK) throw planError(core, status, options);
  const { bufferCount: _, ...numbers } = plan;
  return Object.freeze({
    schedule: SCHEDULES[words[0]]!,
    maxFrames: words[2],
    overheadBytes: plan.arenaBytes - plan.minimumBytes,
    ...numbers,
    buffers: buffers.map(({ op, role, kind, ...place }) => ({
      name: role === SESSION_ROLE ? SESSION_ROLE : `${core.opName(op)}.${role}`,
      kind: BUFFER_KINDS[kind]!,
      ...place,
    })),
  });
}

function planError(core: Core, status: number, options: SessionOptions): Error {
  const name = core.statusName(status);
  if (name === "MLM_ERR_TOO_LARGE") {
    const frames = options.maxFrames ?? options.tile ?? 1;
    return new TooLarge(`an arena for ${frames} frames together`, MAX_U32);
  }
  return new BadArgument(
    "options",
    "options the core permits",
    `${JSON.stringify(options)} (${name})`,
  );
}
