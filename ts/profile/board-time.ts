/**
 * How long a model takes on each board, estimated at once, and what would make it faster there. Knows nothing of
 * how the costs were found or how they are shown.
 */

import { type BoardTiming, timingOf } from "../board/boards.js";
import type { CostTable } from "../board/costs.js";
import { type Estimate, estimate, type Workload } from "../board/estimate.js";
import type { Model } from "../core/model.js";
import type { Plan, SessionOptions } from "../core/plan.js";
import { sessionOptions } from "../core/settings.js";
import type { BoardVerdict } from "../device/index.js";
import { opWork } from "./op-work.js";

/** A change that takes less time than the plan as it stands. */
export interface Faster {
  /** "weights into AXI SRAM", "tile 4". */
  readonly change: string;
  readonly ms: number;
}

export interface BoardTimeEstimate extends Estimate {
  /** Share of the input's own duration; absent where frames have no known rate. */
  readonly realTime?: number;
  /** The one that helps most, if any does. */
  readonly faster?: Faster;
}

/** With a time, or with why there is none; neither where the model does not fit. */
export interface BoardProfile extends BoardVerdict {
  readonly time?: BoardTimeEstimate;
  readonly noTime?: string;
}

/** What is asked of every board. */
export interface TimedModel {
  readonly model: Model;
  readonly plan: Plan;
  readonly frames: number;
  /** Of the input; undefined where its rate is not known. */
  readonly durationMs: number | undefined;
}

/** Gives the verdicts of boards their times. */
export type BoardTimer = (timed: TimedModel) => (verdict: BoardVerdict) => BoardProfile;

const OTHER_TILE = 4;
/** What gains less is not worth a change. */
const WORTHWHILE = 0.95;

/** What all boards share, made once. */
export function boardTimer(timed: TimedModel, costs: CostTable): ReturnType<BoardTimer> {
  const { model, plan, frames, durationMs } = timed;
  const ops = opWork(model, frames, optionsOf(plan, plan.tile));
  const weightBytes = model.tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  const tiled = otherTile(timed);

  return (verdict) => {
    const { region } = verdict.ram;
    if (!verdict.fits || region === null) return verdict;
    const timing = timingOf(verdict.id);
    if (timing === undefined) return { ...verdict, noTime: "no timing of the board" };
    if (plan.schedule !== "stream") return { ...verdict, noTime: `no costs of ${plan.schedule}` };
    const { arenaBytes } = plan;
    const work = { ops, weightBytes, arenaBytes, arena: region, weights: verdict.weights.place };
    const found = estimate(timing, work, costs);
    if ("reason" in found) return { ...verdict, noTime: found.reason };
    const faster = best(changesOf(timing, verdict, work, costs, tiled), WORTHWHILE * found.ms);
    return {
      ...verdict,
      time: {
        ...found,
        ...(durationMs !== undefined && { realTime: found.ms / durationMs }),
        ...(faster !== undefined && { faster }),
      },
    };
  };
}

/** What else the board has room for. */
function changesOf(
  timing: BoardTiming,
  { ram, flash, weights }: BoardVerdict,
  work: Workload,
  costs: CostTable,
  tiled: ReturnType<typeof otherTile>,
): Faster[] {
  const changed = (change: string, differently: Partial<Workload>): Faster[] => {
    const found = estimate(timing, { ...work, ...differently }, costs);
    return "ms" in found ? [{ change, ms: found.ms }] : [];
  };
  const besideArena = ram.arenaBytes + ram.callerBytes + ram.stackBytes;
  const places = ram.regions.flatMap(({ id, usableBytes }) => {
    const memory = timing.memories[id];
    const taken = id === ram.region ? besideArena : 0;
    const hasRoom = id !== weights.place && taken + flash.weightsBytes <= usableBytes;
    return memory && hasRoom ? changed(`weights into ${memory.name}`, { weights: id }) : [];
  });
  if (tiled === undefined || tiled.moreBytes > ram.headroomBytes) return places;
  const { ops, arenaBytes } = tiled;
  return [...places, ...changed(`tile ${OTHER_TILE}`, { ops, arenaBytes })];
}

function best(changes: readonly Faster[], mostMs: number): Faster | undefined {
  const [first] = [...changes].sort((a, b) => a.ms - b.ms);
  return first !== undefined && first.ms < mostMs ? first : undefined;
}

function optionsOf({ schedule, maxFrames }: Plan, tile: number): SessionOptions {
  const settings = { schedule, ...(schedule === "stream" && { tile }) };
  return sessionOptions(settings, maxFrames === 0 ? undefined : maxFrames);
}

/** Undefined where the plan has no smaller tile. */
function otherTile({ model, plan, frames }: TimedModel) {
  if (plan.schedule !== "stream" || plan.tile >= OTHER_TILE) return undefined;
  const options = optionsOf(plan, OTHER_TILE);
  const other = model.plan(options);
  const callers = other.inputBytes + other.outputBytes - plan.inputBytes - plan.outputBytes;
  const { arenaBytes } = other;
  const moreBytes = arenaBytes - plan.arenaBytes + callers;
  return { ops: opWork(model, frames, options), arenaBytes, moreBytes };
}
