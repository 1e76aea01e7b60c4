/**
 * What firmware measured of itself on a board (docs/timing-report.md): reads its lines and holds them against the
 * estimate for the same model, plan and places. Knows no files.
 */
import { timingOf } from "../board/boards.js";
import type { CostTable } from "../board/costs.js";
import { estimate } from "../board/estimate.js";
import { BadFile } from "../core/errors.js";
import type { Model } from "../core/model.js";
import { opWork } from "./op-work.js";

const TIMING_FORMAT = 1;

/** As the firmware says it. */
export interface TimingReport {
  readonly core: string;
  /** Of the catalogue; "unknown" for a machine that nothing is known of. */
  readonly board: string;
  /** CRC-32 of the blob. */
  readonly model: string;
  readonly tile: number;
  /** What `operators` and `total` count. */
  readonly counter: "cycles" | "instructions";
  /** Of the counter; absent in an emulator. */
  readonly clockHz?: number;
  /** "as planned", or what of clock and caches is not. */
  readonly state: string;
  /** Ids of memories. */
  readonly weights: string;
  readonly arena: string;
  readonly frames: number;
  /** Of each operator, in the order of the schedule. */
  readonly operators: readonly number[];
  /** Of a run as a whole. */
  readonly total: number;
}

const FIRST = "mambalite-timing";
const LAST = "end";
/** What a console may have garbled goes to terminals and into catalogues. */
const SHORT_LINE = /^[ -~]{1,200}$/;

/** @param text what a console has shown, the report among it. @throws BadFile */
export function parseTimingReport(text: string): TimingReport {
  const lines = linesOfReport(text);
  const word = (name: string) => {
    const found = lines.filter((line) => line.startsWith(`${name} `));
    if (found.length !== 1) throw wrong(`${found.length === 0 ? "no" : "several"} lines "${name}"`);
    const said = found[0]!.slice(name.length + 1);
    if (!SHORT_LINE.test(said)) throw wrong(`its ${name} is no short line of printable ASCII`);
    return said;
  };
  const number = (name: string) => whole(name, word(name));
  if (number(FIRST) !== TIMING_FORMAT) {
    throw wrong(`its format is ${word(FIRST)}, this version reads ${TIMING_FORMAT}`);
  }
  const counter = word("counter");
  if (counter !== "cycles" && counter !== "instructions") {
    throw wrong(`it counts ${quoted(counter)}, not cycles or instructions`);
  }
  const clockHz = counter === "cycles" ? number("clock") : undefined;
  if (clockHz === 0) throw wrong("its clock is 0");
  const total = number("total");
  if (total === 0) throw wrong("its total is 0");
  const model = word("model");
  if (!/^[0-9a-f]{8}$/.test(model)) throw wrong(`its model is ${quoted(model)}, not a CRC-32`);
  return {
    ...{ core: word("core"), board: word("board"), model, tile: number("tile"), counter },
    ...(clockHz !== undefined && { clockHz }),
    ...{ state: word("state"), weights: word("weights"), arena: word("arena") },
    frames: number("frames"),
    operators: operatorsIn(lines),
    total,
  };
}

/** From its first line to its last; a serial line may have ended them with a carriage return. */
function linesOfReport(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  const first = lines.findLastIndex((line) => line.startsWith(`${FIRST} `));
  if (first < 0) throw wrong(`no line "${FIRST} ${TIMING_FORMAT}"`);
  const length = lines.slice(first).indexOf(LAST);
  if (length < 0) throw wrong(`it stops before its last line, "${LAST}"`);
  return lines.slice(first, first + length);
}

function operatorsIn(lines: readonly string[]): number[] {
  const rows = lines.filter((line) => line.startsWith("operator "));
  if (rows.length === 0) throw wrong('no lines "operator"');
  return rows.map((line, index) => {
    const [, at = "", count = "", ...more] = line.split(" ");
    if (whole("operator", at) !== index || more.length > 0) {
      throw wrong(`${quoted(line)} where operator ${index} was expected`);
    }
    return whole(`operator ${index}`, count);
  });
}

function whole(name: string, text: string): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw wrong(`${name} is ${quoted(text)}, not a whole number`);
  return value;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function wrong(reason: string): BadFile {
  return new BadFile("timing report", reason);
}

export interface OpTiming {
  readonly name: string;
  readonly measured: number;
  /** Of the table's costs and of what is waited for; absent where there is no estimate. */
  readonly estimatedCycles?: number;
}

/** A report beside what was estimated for it: a row of a catalogue. */
export interface TimingRow extends Omit<TimingReport, "operators"> {
  /** Of cycles: what they are at the clock. */
  readonly ms?: number;
  readonly operators: readonly OpTiming[];
  readonly estimate?: {
    readonly cycles: number;
    readonly lowCycles: number;
    readonly highCycles: number;
    readonly sources: string;
  };
  /** Why there is none. */
  readonly noEstimate?: string;
}

/** @throws BadFile where the report is of another plan than the model has */
export function timingRow(report: TimingReport, model: Model, costs: CostTable): TimingRow {
  const { operators, clockHz, total, frames, tile } = report;
  const infos = model.operators("stream");
  if (infos.length !== operators.length) {
    throw wrong(`it has ${operators.length} operators, the model ${infos.length}`);
  }
  const found = estimateFor(report, model, costs);
  const known = "reason" in found ? undefined : found;
  const perMs = (timingOf(report.board)?.clockHz ?? 0) / 1000;
  const ops = model.ops.map(({ name }, op): OpTiming => {
    const measured = operators.reduce((sum, one, i) => sum + (infos[i]!.op === op ? one : 0), 0);
    const ms = known?.operators[op]?.ms;
    return { name, measured, ...(ms !== undefined && { estimatedCycles: Math.round(ms * perMs) }) };
  });
  return {
    ...{ ...report, frames, tile, operators: ops },
    ...(clockHz !== undefined && { ms: (1000 * total) / clockHz }),
    ...(known === undefined
      ? { noEstimate: "reason" in found ? found.reason : "" }
      : {
          estimate: {
            cycles: Math.round(known.ms * perMs),
            lowCycles: Math.round(known.lowMs * perMs),
            highCycles: Math.round(known.highMs * perMs),
            sources: known.conditions.fittedOn.sources,
          },
        }),
  };
}

function estimateFor(report: TimingReport, model: Model, costs: CostTable) {
  const { board, tile, frames, weights, arena } = report;
  const timing = timingOf(board);
  if (timing === undefined) return { reason: `no timing of the board (${board})` };
  if (tile === 0) return { reason: "no costs of whole sequences" };
  const unknown = [weights, arena].find((id) => !Object.hasOwn(timing.memories, id));
  if (unknown !== undefined) return { reason: `no timing of the memory (${unknown})` };
  const options = { schedule: "stream", tile } as const;
  const weightBytes = model.tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  const { arenaBytes } = model.plan(options);
  const ops = opWork(model, frames, options);
  return estimate(timing, { ops, weightBytes, arenaBytes, arena, weights }, costs);
}

export interface TimingCatalogue {
  readonly schema: "mambalite-timings-1";
  readonly rows: readonly TimingRow[];
}

export const EMPTY_TIMINGS: TimingCatalogue = { schema: "mambalite-timings-1", rows: [] };

/** @throws BadFile */
export function parseTimings(text: string): TimingCatalogue {
  const parsed = jsonOf(text);
  const { schema, rows } = (parsed ?? {}) as Partial<TimingCatalogue>;
  if (schema === EMPTY_TIMINGS.schema && Array.isArray(rows) && rows.every(isRow)) {
    return { schema, rows };
  }
  throw new BadFile("catalogue of timings", "not what `mambalite timing add` writes");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRow(row: unknown): boolean {
  return typeof row === "object" && row !== null && KEY.every((key) => key in row);
}

/** What makes two reports the same measurement: the later one takes the place of the earlier. */
const KEY = [
  ...["board", "model", "core", "tile", "frames", "counter", "state", "weights", "arena"],
] as const;

export function withTiming({ schema, rows }: TimingCatalogue, row: TimingRow): TimingCatalogue {
  const keyOf = (of: TimingRow) => KEY.map((key) => String(of[key])).join("\n");
  return { schema, rows: [...rows.filter((other) => keyOf(other) !== keyOf(row)), row] };
}
