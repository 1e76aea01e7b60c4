/** What a board has said, as text for a person: what it is and whether it is right, then what it takes. */
import type { TimingReport, TimingRow } from "../../profile/timing-report.js";
import type { BoardAnswer, BoardFacts } from "../../runner/console.js";
import { colors } from "../libraries.js";
import { grouped, oneLine } from "../text.js";
import { renderTiming } from "./timing.js";

export interface BoardReport {
  readonly board: BoardFacts;
  /** Measured beside estimated. */
  readonly timing?: TimingRow;
  /** The same without a model to estimate for. */
  readonly measured?: TimingReport;
  readonly runs: readonly BoardRun[];
}

export interface BoardRun extends BoardAnswer {
  /** The first bits that are not the simulation's; absent where all are equal. */
  readonly difference?: string;
}

export function renderBoard({ board, timing, measured, runs }: BoardReport): string {
  return [
    boardLine(board),
    modelLine(board),
    memoryLine(board),
    timing === undefined ? "" : `\n${renderTiming(timing)}`,
    measured === undefined ? "" : withoutModel(measured),
    runs.length === 0 ? "" : "\n",
    ...runs.map(runLine),
  ].join("");
}

function boardLine({ board = "a board", core, clockHz, wrong }: BoardFacts): string {
  const version = core === undefined ? "" : `, core ${core}`;
  const clock = clockHz === undefined ? "" : `, ${clockHz / 1e6} MHz`;
  const state = wrong.length === 0 ? "configuration as it should be" : wrong.join("; ");
  return `${colors.bold(board)}${version}${clock}, ${state}\n`;
}

function modelLine({ model, selfTest = "not said", example = {} }: BoardFacts): string {
  if (model === null || model === undefined) return "   no model\n";
  const { classIndex, label } = example;
  const answer = classIndex === undefined ? "" : `, example: ${className(classIndex, label)}`;
  return `   model ${model}: self-test ${selfTest}${answer}\n`;
}

function memoryLine({ arena, stackBytes }: BoardFacts): string {
  const parts = [
    arena && `arena ${grouped(arena.planned)} of ${grouped(arena.available)} bytes`,
    arena?.high !== undefined && `${grouped(arena.high)} used`,
    stackBytes !== undefined && `stack ${grouped(stackBytes)} bytes`,
  ].filter((part) => typeof part === "string");
  return parts.length === 0 ? "" : `   ${parts.join(", ")}\n`;
}

function withoutModel({ total, counter, frames }: TimingReport): string {
  return (
    `   measured ${grouped(total)} ${counter} for ${grouped(frames)} frames; ` +
    "--model names the model that it was, for each operator and the estimate\n"
  );
}

function runLine({ classIndex, label, difference }: BoardRun, index: number): string {
  const bits = difference === undefined ? "the simulation's bits" : difference;
  return `input ${index}: ${className(classIndex, label)}, ${bits}\n`;
}

function className(index: number, label: string | undefined): string {
  if (index < 0) return "no class";
  return label === undefined ? `class ${index}` : `class ${index} ${oneLine(label)}`;
}
