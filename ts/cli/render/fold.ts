/** What folding did to a model, before and after. Knows nothing of where the record came from. */
import type { FoldCounts, FoldRecord, FoldStep } from "../../fold/index.js";
import { grouped, oneLine } from "../text.js";
import { table } from "./table.js";

const ROWS: readonly (readonly [name: string, field: keyof FoldCounts])[] = [
  ["MACs a frame", "macsPerFrame"],
  ["MACs at the end", "macsAtEnd"],
  ["bytes of weights", "weightsBytes"],
];

export function renderFold({ before, after, steps }: FoldRecord): string {
  const rows = ROWS.map(([name, field]) => [
    name,
    grouped(before[field]),
    grouped(after[field]),
    change(before[field], after[field]),
  ]);
  const list = steps.map((step) => `  ${describeStep(step)}\n`).join("");
  return (
    table(["", "before", "after", "change"], ["left", "right", "right", "right"], rows) +
    (list === "" ? "  nothing to fold\n" : list)
  );
}

function describeStep({ kind, op, others }: FoldStep): string {
  const names = others.map(oneLine).join(", ");
  return kind === "multiplied"
    ? `${oneLine(op)} multiplied into ${names}`
    : `${oneLine(op)} moved behind ${names}`;
}

function change(before: number, after: number): string {
  if (before === 0) return "";
  const percent = Math.round((after / before - 1) * 100);
  return `${percent > 0 ? "+" : ""}${percent} %`;
}
