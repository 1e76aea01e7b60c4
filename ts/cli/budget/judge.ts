/** Holds what was measured against limits and a baseline. Knows nothing of files. */
import type { BudgetModel } from "./file.js";
import type { Measured, Measurement } from "./measure.js";

/** A line of the table. Texts are for people. */
export interface Line {
  readonly model: string;
  readonly what: string;
  readonly limit: string;
  readonly before: string;
  readonly now: string;
  readonly change: string;
  /** What is wrong, and by how much. */
  readonly problem?: string;
}

const NONE = "-";
const PERCENT = 100;

/** @param before undefined where the baseline does not have the model, or there is none */
export function judge(model: BudgetModel, now: Measurement, before: Measured | undefined): Line[] {
  return [
    bytesLine(model, "arena", model.limits.arenaBytes, now.arenaBytes, before?.arenaBytes),
    bytesLine(model, "flash", model.limits.flashBytes, now.flashBytes, before?.flashBytes),
    ...[...model.limits.milliseconds].map(([board, limit]) =>
      timeLine(model, board, limit, now, before?.milliseconds[board]),
    ),
    ...accuracyLines(model, now.accuracy, before?.accuracy),
    bitsLine(model, now.bits, before?.bits),
  ];
}

function bytesLine(
  { name }: BudgetModel,
  what: string,
  limit: number | undefined,
  now: number,
  before: number | undefined,
): Line {
  const over = now - (limit ?? now);
  return {
    ...{ model: name, what: `${what}, bytes` },
    limit: limit === undefined ? NONE : `at most ${grouped(limit)}`,
    before: before === undefined ? NONE : grouped(before),
    now: grouped(now),
    change: changeOf(now, before, grouped),
    ...(over > 0 && {
      problem: `${name}: ${what} of ${grouped(now)} bytes, ${grouped(over)} more than ${grouped(limit!)}`,
    }),
  };
}

function timeLine(
  { name }: BudgetModel,
  board: string,
  limit: number,
  { milliseconds, untimed }: Measurement,
  before: number | undefined,
): Line {
  const now = milliseconds[board];
  const line = {
    ...{ model: name, what: `time on ${board}, ms` },
    limit: `at most ${limit}`,
    before: before === undefined ? NONE : short(before),
  };
  if (now === undefined) {
    const problem = `${name}: no time on ${board}: ${untimed.get(board)}`;
    return { ...line, now: NONE, change: NONE, problem };
  }
  return {
    ...{ ...line, now: short(now), change: changeOf(now, before, short) },
    ...(now > limit && {
      problem: `${name}: ${short(now)} ms on ${board}, ${short(now - limit)} more than ${limit}`,
    }),
  };
}

function accuracyLines(
  { name, limits }: BudgetModel,
  now: Measured["accuracy"],
  before: Measured["accuracy"],
): Line[] {
  if (now === undefined) return [];
  const share = now.correct / now.items;
  const old = before && before.correct / before.items;
  const limit = limits.accuracy;
  const isShort = limit !== undefined && share < limit;
  const missing = isShort ? short(PERCENT * (limit - share)) : "";
  return [
    {
      ...{ model: name, what: `accuracy of ${grouped(now.items)}, %` },
      limit: limit === undefined ? NONE : `at least ${percent(limit)}`,
      before: old === undefined ? NONE : percent(old),
      now: percent(share),
      change: old === undefined ? NONE : signed(PERCENT * (share - old), short),
      ...(isShort && {
        problem: `${name}: accuracy of ${percent(share)} % (${now.correct} of ${now.items}), ${missing} points less than ${percent(limit)} %`,
      }),
    },
  ];
}

function bitsLine({ name, limits }: BudgetModel, now: string, before: string | undefined): Line {
  const line = {
    ...{ model: name, what: "bits of logits, CRC-32" },
    limit: limits.sameBits ? "the baseline's" : NONE,
    ...{ before: before ?? NONE, now },
    change: before === undefined || before === now ? NONE : "others",
  };
  if (!limits.sameBits || before === now) return line;
  const problem =
    before === undefined
      ? `${name}: no baseline has bits to hold ${now} against (--save makes one)`
      : `${name}: logits have other bits: ${now}, not the baseline's ${before}`;
  return { ...line, problem };
}

function changeOf(now: number, before: number | undefined, show: (n: number) => string): string {
  if (before === undefined || now === before) return NONE;
  const relative = before === 0 ? "" : ` (${signed((PERCENT * (now - before)) / before, short)} %)`;
  return `${signed(now - before, show)}${relative}`;
}

function signed(value: number, show: (n: number) => string): string {
  const shown = show(Math.abs(value));
  if (value === 0) return NONE;
  return `${value < 0 ? "-" : "+"}${shown}`;
}

const DIGITS = 3;

/** Three digits say what differs; large numbers are written out. */
function short(value: number): string {
  return value >= 10 ** DIGITS
    ? grouped(Math.round(value))
    : String(Number(value.toPrecision(DIGITS)));
}

function percent(share: number): string {
  return (PERCENT * share).toFixed(2);
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
