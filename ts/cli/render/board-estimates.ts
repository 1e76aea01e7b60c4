/** Estimated times on boards, as text for a person. Computes nothing but shares of what it shows. */

import type { BoardProfile, BoardTimeEstimate } from "../../profile/index.js";
import { colors } from "../libraries.js";
import { milliseconds, percent } from "../text.js";
import { table } from "./table.js";

/** Of the time, as a share: what is less is not worth a word. */
const LEAST_SHOWN = 0.005;

type Timed = BoardProfile & { readonly time: BoardTimeEstimate };

/** Empty where no board has one and none says why. */
export function boardEstimates(boards: readonly BoardProfile[]): string {
  const timed = boards.filter((board): board is Timed => board.time !== undefined);
  return (timed.length > 0 ? times(timed) : "") + without(boards);
}

function times(boards: readonly Timed[]): string {
  const hasRealTime = boards.some(({ time }) => time.realTime !== undefined);
  const realTime = hasRealTime ? ["of real time"] : [];
  const numbers = ["ms", "low to high", ...realTime];
  const words = ["largest operator", "lost in memories", "what helps most"];
  const rows = boards.map(({ id, time }) => [
    id,
    milliseconds(time.ms),
    `${milliseconds(time.lowMs)} to ${milliseconds(time.highMs)}`,
    ...(hasRealTime ? [time.realTime === undefined ? "" : percent(time.realTime)] : []),
    largest(time),
    lost(time),
    helps(time),
  ]);
  const aligned = [
    "left" as const,
    ...numbers.map(() => "right" as const),
    ...words.map(() => "left" as const),
  ];
  return table(["board", ...numbers, ...words], aligned, rows) + conditions(boards);
}

function largest({ operators, ms }: BoardTimeEstimate): string {
  const [first] = [...operators].sort((a, b) => b.ms - a.ms);
  return first === undefined ? "" : `${first.name} ${percent(first.ms / ms)}`;
}

function lost({ waits, ms }: BoardTimeEstimate): string {
  return waits
    .filter((wait) => wait.ms >= LEAST_SHOWN * ms)
    .map((wait) => `${wait.memory} ${percent(wait.ms / ms)}`)
    .join(", ");
}

function helps({ ms, faster }: BoardTimeEstimate): string {
  if (faster === undefined) return "";
  return `${faster.change}: ${milliseconds(ms)} -> ${milliseconds(faster.ms)}`;
}

function conditions(boards: readonly Timed[]): string {
  const text = byText(boards.map(({ id, time }) => [id, conditionsOf(time)]));
  const cores = byText(boards.map(({ id, time }) => [id, fittedOn(time)]));
  return [...text, ...cores]
    .map(([what, ids]) =>
      colors.dim(`   ${ids.length === boards.length ? "" : `${ids.join(", ")}: `}${what}\n`),
    )
    .join("");
}

function conditionsOf({ conditions: { core, notes, placement } }: BoardTimeEstimate): string {
  const places = [`weights in ${placement.weights}`, `arena in ${placement.arena}`];
  return [core, ...notes, ...places, "code in its cache"].join(", ");
}

function fittedOn({ conditions: { fittedOn: core } }: BoardTimeEstimate): string {
  return `by costs of core ${core.coreVersion}, sources ${core.sources}`;
}

/** Boards by why nothing is said of them. */
function without(boards: readonly BoardProfile[]): string {
  const reasons = boards.flatMap(({ id, noTime }) =>
    noTime === undefined ? [] : [[id, noTime] as const],
  );
  return byText(reasons)
    .map(([reason, ids]) => colors.dim(`   not estimated, ${reason}: ${ids.join(", ")}\n`))
    .join("");
}

/** Each text once, with the ids that it is of. */
function byText(pairs: readonly (readonly [string, string])[]): [string, string[]][] {
  const idsByText = new Map<string, string[]>();
  for (const [id, text] of pairs) idsByText.set(text, [...(idsByText.get(text) ?? []), id]);
  return [...idsByText];
}
