/**
 * Columns of text, the first left-aligned and numbers right-aligned. What a cell says may come from a
 * file: it is made safe for a terminal here. Knows nothing of what the cells mean.
 */

import { shortLine } from "../../plain-text.js";
import { Table } from "../libraries.js";

const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: " ",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "",
};

export type Alignment = "left" | "right";

/** Text, or text with the function that colours it. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

/** A longer name would push all other columns out of sight; --json has it whole. */
const MAX_CELL_CHARACTERS = 100;

/** Rows under a header, each line indented by two spaces. */
export function table(
  head: readonly string[],
  alignments: readonly Alignment[],
  rows: readonly (readonly Cell[])[],
): string {
  const grid = new Table({
    chars: NO_LINES,
    style: { "padding-left": 1, "padding-right": 1, head: [], border: [], compact: true },
    colAligns: [...alignments],
  });
  grid.push([...head], ...rows.map((row) => row.map(cellText)));
  return grid
    .toString()
    .split("\n")
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function cellText(cell: Cell): string {
  if (typeof cell === "string") return shortLine(cell, MAX_CELL_CHARACTERS);
  return cell.paint(shortLine(cell.text, MAX_CELL_CHARACTERS));
}
