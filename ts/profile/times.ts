/**
 * Times on boards: `mambalite-micro/times`. Given to `profile`, it estimates them from the table of costs, which is a
 * module of its own as it is large.
 */
import { COSTS } from "../board/cost-table.js";
import type { Model } from "../core/model.js";
import { type BoardTile, fastestTileBy, type TileQuestion } from "./board-tile.js";
import { type BoardTimer, boardTimer } from "./board-time.js";

export type { BoardTile, TileQuestion } from "./board-tile.js";

export type {
  BoardProfile,
  BoardTimeEstimate,
  BoardTimer,
  Faster,
  TimedModel,
} from "./board-time.js";

export const timesOnBoards: BoardTimer = (timed) => boardTimer(timed, COSTS);

/** The fastest tile that a board has room for; undefined where none has, or no time is known of the board. */
export function fastestTile(model: Model, question: TileQuestion): BoardTile | undefined {
  return fastestTileBy(timesOnBoards, model, question);
}
