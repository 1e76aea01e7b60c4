/**
 * The arena over time as text: a row a buffer, a column an operator, filled where the buffer is
 * alive. Knows nothing of how a plan is made.
 */
import type { Plan } from "../../core/plan.js";
import { grouped } from "../text.js";
import { table } from "./table.js";

const ALIVE = "█";
const FREE = "·";
const LEVELS = "▁▂▃▄▅▆▇█";
/** More columns than this would wrap: several operators then share one. */
const MAX_COLUMNS = 64;
/** More rows than this are no chart: the smallest buffers are then summed up. */
const MAX_ROWS = 40;

type Buffer = Plan["buffers"][number];

export function arenaChart(plan: Plan, operators: number): string {
  const columns = columnsOf(operators);
  const shown = [...plan.buffers].sort((a, b) => b.bytes - a.bytes).slice(0, MAX_ROWS);
  const hidden = plan.buffers.length - shown.length;
  const rows = shown
    .sort((a, b) => a.offset - b.offset || a.firstOp - b.firstOp)
    .map((buffer) => [
      buffer.name,
      buffer.isWhole ? `${buffer.kind}, whole` : buffer.kind,
      grouped(buffer.offset),
      grouped(buffer.bytes),
      columns.map((column) => (isAlive(buffer, column) ? ALIVE : FREE)).join(""),
    ]);
  rows.push(["alive at once", "", "", grouped(plan.minimumBytes), liveRow(plan, columns)]);
  const chart = table(
    ["buffer", "kind", "offset", "bytes", columnLabels(columns)],
    ["left", "left", "right", "right", "left"],
    rows,
  );
  const more = hidden > 0 ? `  and ${hidden} smaller buffers: --json lists them all\n` : "";
  return chart + more;
}

/** First and last operator of a column. */
interface Column {
  readonly first: number;
  readonly last: number;
}

function columnsOf(operators: number): Column[] {
  const perColumn = Math.ceil(operators / MAX_COLUMNS);
  return Array.from({ length: Math.ceil(operators / perColumn) }, (_, i) => ({
    first: i * perColumn,
    last: Math.min(operators, (i + 1) * perColumn) - 1,
  }));
}

function isAlive(buffer: Buffer, column: Column): boolean {
  return buffer.firstOp <= column.last && buffer.lastOp >= column.first;
}

/** The last digit of the number that an operator has in the table of operators. */
function columnLabels(columns: readonly Column[]): string {
  return columns.map(({ first }) => String((first + 1) % 10)).join("");
}

function liveRow(plan: Plan, columns: readonly Column[]): string {
  return columns
    .map((column) => {
      const share = mostAlive(plan.buffers, column) / plan.minimumBytes;
      return LEVELS[Math.max(0, Math.ceil(share * LEVELS.length) - 1)] ?? ALIVE;
    })
    .join("");
}

function mostAlive(buffers: readonly Buffer[], { first, last }: Column): number {
  let most = 0;
  for (let operator = first; operator <= last; operator++) {
    const at = { first: operator, last: operator };
    const alive = buffers.filter((buffer) => isAlive(buffer, at));
    most = Math.max(
      most,
      alive.reduce((sum, buffer) => sum + buffer.bytes, 0),
    );
  }
  return most;
}
