/** A timing report beside its estimate, as text for a person. Computes nothing but shares of what it shows. */
import type { TimingRow } from "../../profile/timing-report.js";
import { counted, grouped, milliseconds, oneLine, percent } from "../text.js";
import { table } from "./table.js";

/** @param catalogue the file that it was put into */
export function renderTiming(row: TimingRow, catalogue?: string): string {
  return [
    `${oneLine(row.board)}: ${counted(row.frames, "frame")}, tile ${row.tile}, weights in ` +
      `${oneLine(row.weights)}, arena in ${oneLine(row.arena)}, ${oneLine(row.state)}\n`,
    totals(row),
    operators(row),
    catalogue === undefined ? "" : `added to ${oneLine(catalogue)}\n`,
  ].join("");
}

function totals({ counter, total, ms, estimate, noEstimate }: TimingRow): string {
  const time = ms === undefined ? "" : ` = ${milliseconds(ms)} ms`;
  const measured = `   measured ${grouped(total)} ${counter}${time}\n`;
  if (estimate === undefined) return `${measured}   not estimated: ${noEstimate ?? ""}\n`;
  const { cycles, lowCycles, highCycles } = estimate;
  const bar = `${grouped(cycles)} cycles (${grouped(lowCycles)} to ${grouped(highCycles)})`;
  return `${measured}   estimated ${bar}, ${comparison(counter, total, estimate)}\n`;
}

/** Instructions are no time: only their ratio to cycles can be told. */
function comparison(
  counter: TimingRow["counter"],
  total: number,
  { cycles, lowCycles, highCycles }: NonNullable<TimingRow["estimate"]>,
): string {
  if (counter === "instructions") return `${(cycles / total).toFixed(2)} an instruction`;
  const isWithin = total >= lowCycles && total <= highCycles;
  const off = cycles / total - 1;
  return `off by ${off > 0 ? "+" : ""}${percent(off)}, ${isWithin ? "within" : "outside"} its bar`;
}

function operators({ operators: list, counter }: TimingRow): string {
  const rows = list.map(({ name, measured, estimatedCycles }) => [
    name,
    grouped(measured),
    estimatedCycles === undefined ? "" : grouped(estimatedCycles),
    estimatedCycles === undefined || measured === 0 ? "" : (estimatedCycles / measured).toFixed(2),
  ]);
  return table(
    ["op", counter, "estimated cycles", "ratio"],
    ["left", "right", "right", "right"],
    rows,
  );
}
