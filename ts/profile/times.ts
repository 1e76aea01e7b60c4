/**
 * Times on boards: `mambalite-micro/times`. Given to `profile`, it estimates them from the table of costs, which is a
 * module of its own as it is large.
 */
import { COSTS } from "../board/cost-table.js";
import { type BoardTimer, boardTimer } from "./board-time.js";

export type {
  BoardProfile,
  BoardTimeEstimate,
  BoardTimer,
  Faster,
  TimedModel,
} from "./board-time.js";

export const timesOnBoards: BoardTimer = (timed) => boardTimer(timed, COSTS);
