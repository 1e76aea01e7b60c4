/** Times on a board, as text for a person and as JSON: estimated, with what was assumed. */

import { THINGS } from "../../board/memory/memories.js";
import type { Cycles } from "../../board/timer.js";
import type { BoardTime } from "../../firmware/node.js";
import { colors } from "../libraries.js";
import { grouped, milliseconds, percent } from "../text.js";
import { table } from "./table.js";

type Time = BoardTime | { readonly skipped: string };

/** Functions that a person is shown; the others are in the JSON. */
const MOST_FUNCTIONS = 16;

export function renderBoardTime(time: Time): string {
  const title = colors.bold("TIME");
  if ("skipped" in time) return `${title}\n   ${colors.dim(`left out: ${time.skipped}`)}\n`;
  const { coreName, clockHz, conditions, placement, misses, unknown } = time;
  const places = THINGS.map((thing) => `${thing} in ${placement[thing]}`).join(", ");
  const basis = `estimated for ${time.board}, ${coreName}, ${grouped(clockHz / 1e6)} MHz`;
  const lost = misses.map(
    ({ thing, memory, count, cycles }) =>
      `   ${thing} in ${memory}: ${grouped(count)} misses, ${grouped(whole(cycles.usual))} cycles\n`,
  );
  const odd = [...unknown].map(([name, count]) => `   ${name}: ${count}, one cycle each\n`);
  return [
    `${title}${colors.dim(`  (${basis})`)}\n`,
    `   ${colors.bold(milliseconds(time.ms))} (${milliseconds(time.lowMs)} to `,
    `${milliseconds(time.highMs)}): ${grouped(whole(time.total))} cycles, of them `,
    `${grouped(whole(time.core))} the core's; ${(time.core / time.instructions).toFixed(2)} an `,
    `instruction, ${grouped(time.mispredicted)} branches foreseen wrongly\n`,
    colors.dim(`   ${conditions.join(", ")}; ${places}\n`),
    ...lost,
    ...odd,
    operatorTable(time),
    functionTable(time),
  ].join("");
}

function operatorTable({ operators, between, total, clockHz }: BoardTime): string {
  const ms = (between.total / clockHz) * 1000;
  const all = [...operators, { name: "between operators", ...between, ms }];
  return table(
    ["operator", "cycles", "of the core", "an instruction", "ms", "share"],
    ["left", "right", "right", "right", "right", "right"],
    all.map((cycles) => [
      cycles.name,
      ...numbers(cycles),
      cycles.ms.toFixed(3),
      percent(cycles.total / total),
    ]),
  );
}

function functionTable({ functions }: BoardTime): string {
  return table(
    ["function", "cycles", "of the core", "an instruction", "instructions"],
    ["left", "right", "right", "right", "right"],
    functions
      .slice(0, MOST_FUNCTIONS)
      .map((cycles) => [cycles.name, ...numbers(cycles), grouped(cycles.instructions)]),
  );
}

function numbers({ total, core, instructions }: Cycles): string[] {
  const each = instructions > 0 ? (core / instructions).toFixed(2) : "";
  return [grouped(whole(total)), grouped(whole(core)), each];
}

const whole = (cycles: number) => Math.round(cycles);

/** `boards` and `cycles` of the JSON; of what was skipped, why. */
export function cyclesReport(time: Time): object {
  if ("skipped" in time) return { cycles: { skipped: time.skipped } };
  const { board, coreName, clockHz, conditions, placement, operators, functions } = time;
  return {
    cycles: {
      ...rounded(time),
      mispredicted: time.mispredicted,
      operators: operators.map(({ name, ms, ...cycles }) => ({ name, ms, ...rounded(cycles) })),
      between: rounded(time.between),
      functions: functions.map(({ name, ...cycles }) => ({ name, ...rounded(cycles) })),
      misses: Object.fromEntries(
        time.misses.map(({ thing, memory, count, cycles }) => [
          thing,
          { memory, count, cycles: whole(cycles.usual) },
        ]),
      ),
      unknown: Object.fromEntries(time.unknown),
    },
    time: {
      ...{ board, core: coreName, ms: time.ms, lowMs: time.lowMs, highMs: time.highMs },
      conditions: { clockHz, placement, notes: conditions },
    },
  };
}

function rounded({ total, low, high, core, instructions }: Cycles) {
  return {
    ...{ total: whole(total), low: whole(low), high: whole(high), core: whole(core) },
    instructions,
  };
}
