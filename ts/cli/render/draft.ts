/** A draft of an arch file as text for a person: what is sure, and what is a guess. */
import { type Draft, draftLines } from "../../checkpoint/draft/index.js";
import { oneLine } from "../text.js";
import { table } from "./table.js";

const SURE = "sure";
const INDENT = "  ";

export function renderDraft(draft: Draft): string {
  const rows = draftLines(draft).map(({ depth, name, kind, what, guess }) => [
    `${INDENT.repeat(depth)}${oneLine(name)}`,
    kind,
    what,
    kind === "repeat" ? "" : guess === "" ? SURE : `guess: ${oneLine(guess)}`,
  ]);
  const outputs = draft.outputs?.map(oneLine).join(", ");
  return (
    table(["name", "kind", "size", ""], ["left", "left", "left", "left"], rows) +
    (outputs === undefined ? "" : `  outputs: ${outputs}\n`) +
    `  ${oneLine(draft.guess)}\n`
  );
}
