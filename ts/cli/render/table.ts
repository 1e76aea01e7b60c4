/** Columns of text, the first left-aligned and numbers right-aligned. Knows nothing of what they say. */
import Table from "cli-table3";

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

/** Rows under a header, each line indented by two spaces. */
export function table(
  head: readonly string[],
  alignments: readonly Alignment[],
  rows: readonly (readonly string[])[],
): string {
  const grid = new Table({
    chars: NO_LINES,
    style: { "padding-left": 1, "padding-right": 1, head: [], border: [], compact: true },
    colAligns: [...alignments],
  });
  grid.push([...head], ...rows.map((row) => [...row]));
  return grid
    .toString()
    .split("\n")
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
