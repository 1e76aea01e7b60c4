/** Why a run has the tile that it has, in one line. Computes nothing. */
import type { Board } from "../../device/index.js";
import type { BoardTile } from "../../profile/board-tile.js";
import { grouped } from "../text.js";

export function renderBoardTile(
  { name }: Board,
  { tile, arenaBytes, smallestArenaBytes }: BoardTile,
): string {
  if (tile === 1) return `   tile 1: the smallest, and on ${name} no slower than others that fit\n`;
  return (
    `   tile ${tile}: the fastest that fits ${name}, by estimate; tile 1 is the smallest: ` +
    `${grouped(smallestArenaBytes)} instead of ${grouped(arenaBytes)} bytes of arena\n`
  );
}

/** Where nothing was said of it. */
export const SMALLEST_TILE =
  "   tile 1 is the smallest; one --board takes the fastest that fits it, --budget the fastest within it\n";
