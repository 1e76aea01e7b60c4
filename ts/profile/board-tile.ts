/**
 * The tile for somebody who names a board but no tile: the fastest that it has room for. Knows nothing of how the
 * times of boards are found.
 */
import type { Model } from "../core/model.js";
import { BUDGET_TILES } from "../core/plan.js";
import { type RunSettings, sessionOptions } from "../core/settings.js";
import type { Board, WeightsChoice } from "../device/index.js";
import type { BoardTimer } from "./board-time.js";
import { verdictsOf } from "./verdicts.js";

/** Estimates are allowed that error at the median: what they do not tell apart is as fast, and the smaller tile is taken. */
const AS_FAST = 1.03;

export interface BoardTile {
  readonly tile: number;
  readonly arenaBytes: number;
  /** Of the smallest tile. */
  readonly smallestArenaBytes: number;
}

export interface TileQuestion {
  readonly board: Board;
  /** Of the input. */
  readonly frames: number;
  /** Default: where they are read fastest. */
  readonly weights?: WeightsChoice;
}

/** Whether nothing was said that decides about the tile. */
export function leavesTileOpen({ schedule = "stream", tile, budget }: RunSettings): boolean {
  return schedule === "stream" && tile === undefined && budget === undefined;
}

/** Undefined where no tile fits the board, or no time is known of it. */
export function fastestTileBy(
  times: BoardTimer,
  model: Model,
  { board, frames, weights }: TileQuestion,
): BoardTile | undefined {
  const found: { tile: number; arenaBytes: number; ms: number }[] = [];
  for (const tile of BUDGET_TILES) {
    const plan = model.plan(sessionOptions({ tile }, frames));
    const options = { frames, boards: [board], times, ...(weights && { weights }) };
    const [verdict] = verdictsOf(model, plan, options);
    // Larger ones do not fit, either.
    if (verdict?.time === undefined) break;
    found.push({ tile, arenaBytes: plan.arenaBytes, ms: verdict.time.ms });
  }
  const leastMs = Math.min(...found.map(({ ms }) => ms));
  const fastest = found.find(({ ms }) => ms <= AS_FAST * leastMs);
  const [smallest] = found;
  if (fastest === undefined || smallest === undefined) return undefined;
  const { tile, arenaBytes } = fastest;
  return { tile, arenaBytes, smallestArenaBytes: smallest.arenaBytes };
}
