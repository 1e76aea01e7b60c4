/** What a sweep found as text for a person: the answer of every board first. Computes nothing. */

import type { Job } from "../../sweep/job.js";
import type { SweepPlan } from "../../sweep/plan.js";
import {
  accuracyOf,
  type BoardAnswer,
  type Candidate,
  nameOf,
  type Summary,
} from "../../sweep/summary.js";
import { colors } from "../libraries.js";
import { counted, exponential, grouped, milliseconds, oneLine } from "../text.js";
import { table } from "./table.js";

export interface SweepText {
  readonly path: string;
  readonly notes: readonly string[];
  readonly output: string;
  /** Of the page, if one was made. */
  readonly page?: string;
  readonly summary: Summary;
}

/** Of a front; the page has all of it. */
const MOST_ROWS = 8;
const NONE = "-";

export function renderSweep({ path, notes, output, page, summary }: SweepText): string {
  const { tasks, done, boards } = summary;
  const where = page === undefined ? output : `${output}, page: ${page}`;
  const head = `${colors.bold(oneLine(path))}: ${grouped(done)} of ${counted(tasks, "task")} done; results: ${oneLine(where)}\n`;
  return [
    head + notes.map((note) => `${oneLine(note)}\n`).join(""),
    ...boards.map(renderBoard),
    ...failuresText(summary),
  ].join("\n");
}

function renderBoard({ id, name, fitting, within, front, best }: BoardAnswer): string {
  const title = `${colors.bold(name.toUpperCase())}  ${counted(fitting, "candidate")} with room, ${grouped(within.length)} within the limits\n`;
  if (best === undefined) return title;
  const rest = front.length - MOST_ROWS;
  return [
    `${title}   best: ${colors.bold(oneLine(nameOf(best)))}\n`,
    table(
      ["front", "accuracy", "ms", "range", "arena", "flash", "differ", "error"],
      ["left", "right", "right", "right", "right", "right", "right", "right"],
      front.slice(0, MOST_ROWS).map((candidate) => row(candidate, id)),
    ),
    ...(rest > 0 ? [`   and ${grouped(rest)} more\n`] : []),
  ].join("");
}

function row(candidate: Candidate, board: string): string[] {
  const { arenaBytes, flashBytes, boards, sets } = candidate;
  const { ms, lowMs, highMs } = boards[board] ?? {};
  const [set] = sets;
  return [
    nameOf(candidate),
    accuracyText(candidate),
    ms === undefined ? NONE : milliseconds(ms),
    lowMs === undefined || highMs === undefined
      ? NONE
      : `${milliseconds(lowMs)} to ${milliseconds(highMs)}`,
    grouped(arenaBytes),
    grouped(flashBytes),
    set?.disagreements === undefined ? NONE : grouped(set.disagreements),
    set?.meanError === undefined ? NONE : exponential(set.meanError ?? Number.POSITIVE_INFINITY),
  ];
}

function accuracyText(candidate: Candidate): string {
  const accuracy = accuracyOf(candidate);
  return accuracy === undefined ? NONE : `${(100 * accuracy).toFixed(2)} %`;
}

function failuresText({ failures }: Summary): string[] {
  if (failures.length === 0) return [];
  const lines = failures.map(
    ({ message, tasks, example }) =>
      `   ${counted(tasks, "task")} (${oneLine(example)}${tasks > 1 ? ", ..." : ""}): ${oneLine(message)}\n`,
  );
  return [`${colors.bold("FAILED")}\n${lines.join("")}`];
}

/** What a sweep would do. */
export function renderPlan(
  { file, version, models, notes }: SweepPlan,
  { jobs, left, output }: { jobs: readonly Job[]; left: readonly Job[]; output: string },
): string {
  const count = (some: readonly Job[]) => some.reduce((sum, { tasks }) => sum + tasks.length, 0);
  return [
    `${colors.bold(oneLine(file.path))}: ${counted(models.length, "model")}, ${counted(count(jobs), "task")} in ${counted(jobs.length, "job")}, `,
    `${grouped(count(left))} of them to do; results: ${oneLine(output)}, of version ${version}\n`,
    ...notes.map((note) => `${oneLine(note)}\n`),
  ].join("");
}
