/**
 * The operators as a table that sorts by any column; each belongs to a node of the network, which it chooses. What is
 * pointed at or focused shows its buffers, bytes and times everywhere.
 */
import { signal } from "@preact/signals";
import type { OperatorProfile } from "../../profile/index.js";
import { grouped, milliseconds, percent } from "../format.js";
import { facts, pointed, tableBoard } from "../state/pointing.js";
import { chosenNode, nodesOfOperators } from "../state/selection.js";
import { areOperatorsTold, exact, measureAgain, measured } from "../state/simulator.js";
import { staged } from "../state/staged.js";
import type { MeasuredFigures } from "../worker/protocol.js";
import { factsText } from "./facts.js";
import { Bar, Panel, Scroll } from "./parts.js";
import { Word } from "./words.js";

type Column = keyof Row;

const planned = staged(exact, 3);
const shown = staged(measured, 1);

interface Row extends OperatorProfile {
  readonly index: number;
  /** Estimated, of its op; -1 where another operator of the op has it, or none is known. */
  readonly boardMs: number;
}

const NO_TIME = -1;
/** Of the readout, which describes the operator that has the focus. */
const FACTS_ID = "operator-facts";

const COLUMNS: readonly { readonly key: Column; readonly title: string }[] = [
  { key: "index", title: "#" },
  { key: "name", title: "operator" },
  { key: "macs", title: "MACs" },
  { key: "exps", title: "exps" },
  { key: "bytesRead", title: "bytes read" },
  { key: "bytesWritten", title: "written" },
  { key: "boardMs", title: "board ms" },
  { key: "hostMs", title: "host ms" },
  { key: "hostShare", title: "share" },
];

const sorting = signal<{ readonly key: Column; readonly isDescending: boolean }>({
  key: "index",
  isDescending: false,
});

export function OperatorsPanel() {
  const figures = shown.value;
  const rows = rowsOf(figures);
  const ordered = sorted(rows);
  const stop = tabStop(ordered.map(({ index }) => index));
  const note =
    figures === null
      ? ""
      : `${grouped(figures.report.frames)} frames; counts exact, ${hostNote()}${boardNote()}`;
  return (
    <Panel id="operators" title="Operators" note={note} class="panel-operators">
      <Scroll label="Table of operators">
        <table class="table" onPointerLeave={() => point([])}>
          <thead>
            <tr>
              {COLUMNS.map(({ key, title }) => (
                <HeadCell key={key} column={key} title={title} />
              ))}
            </tr>
          </thead>
          <tbody>
            {figures === null ? (
              <Waiting />
            ) : (
              ordered.map((row) => <RowCells key={row.index} row={row} stop={stop} />)
            )}
          </tbody>
          {figures !== null && <Totals rows={rows} />}
        </table>
      </Scroll>
      <p class="fine">
        <Word name="macs" text="MACs" /> and <Word name="exps" />: what are they?
      </p>
      <p class={`readout ${facts.value === null ? "" : "readout-low"}`} id={FACTS_ID}>
        {facts.value === null
          ? "Point at an operator, or focus its name: its buffers, bytes and times."
          : factsText(facts.value)}
      </p>
      {figures === null && planned.value !== null && (
        <button type="button" class="quiet" onClick={measureAgain}>
          Measure again
        </button>
      )}
    </Panel>
  );
}

function hostNote(): string {
  if (areOperatorsTold.value) return "host ms measured here";
  return "host ms not told yet, as other work disturbs this host: measure more";
}

function boardNote(): string {
  const board = tableBoard.value;
  return board === undefined ? "" : `, board ms estimated for ${board.id}`;
}

function rowsOf(figures: MeasuredFigures | null): Row[] {
  const perOp = tableBoard.value?.time?.operators;
  const ops = exact.value?.chosen.ops ?? [];
  return (figures?.report.operators ?? []).map((row, i) => {
    const op = ops[i] ?? -1;
    // The time is the op's, of all its operators together: the last of them has it.
    const ms = ops[i + 1] === op ? undefined : perOp?.[op]?.ms;
    return { ...row, index: i + 1, boardMs: ms ?? NO_TIME };
  });
}

function point(operators: readonly number[]): void {
  pointed.value = operators;
}

function HeadCell({ column, title }: { column: Column; title: string }) {
  const { key, isDescending } = sorting.value;
  const isSorted = key === column;
  const order = isSorted ? (isDescending ? "descending" : "ascending") : "none";
  const arrow = isSorted ? (isDescending ? " \u2193" : " \u2191") : "";
  return (
    <th scope="col" aria-sort={order} class={column === "name" ? "left" : ""}>
      <button type="button" onClick={() => sortBy(column)}>
        {title}
        <span aria-hidden="true">{arrow}</span>
      </button>
    </th>
  );
}

/** Numbers start with the largest; a second click turns the order round. */
function sortBy(column: Column): void {
  const { key, isDescending } = sorting.value;
  const startsDescending = column !== "index" && column !== "name";
  sorting.value = {
    key: column,
    isDescending: key === column ? !isDescending : startsDescending,
  };
}

function sorted(rows: readonly Row[]): Row[] {
  const { key, isDescending } = sorting.value;
  const direction = isDescending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [a[key], b[key]];
    if (left === right) return a.index - b.index;
    return left < right ? -direction : direction;
  });
}

function RowCells({ row, stop }: { row: Row; stop: number | undefined }) {
  const isTold = areOperatorsTold.value;
  return (
    <tr class={rowClass(row.index)} onPointerEnter={() => point([row.index - 1])}>
      <td>{row.index}</td>
      <NameCell name={row.name} index={row.index} stop={stop} />
      <td>{grouped(row.macs)}</td>
      <td>{grouped(row.exps)}</td>
      <td>{grouped(row.bytesRead)}</td>
      <td>{grouped(row.bytesWritten)}</td>
      <td>{boardText(row)}</td>
      <td>{isTold ? milliseconds(row.hostMs) : "\u2013"}</td>
      <td>
        {isTold && (
          <div class="share">
            <Bar share={row.hostShare} />
            <span>{shareText(row.hostShare)}</span>
          </div>
        )}
      </td>
    </tr>
  );
}

/** Parts of an op lead to the operator that has its time. */
function boardText({ index, boardMs }: Row): string {
  if (boardMs !== NO_TIME) return milliseconds(boardMs);
  const ops = exact.value?.chosen.ops ?? [];
  const last = ops.lastIndexOf(ops[index - 1] ?? NO_TIME);
  return tableBoard.value === undefined || last + 1 === index ? "\u2013" : `in ${last + 1}`;
}

/** Less than can be told is not said to be nothing. */
const LEAST_SHARE = 0.001;

function shareText(share: number): string {
  return share < LEAST_SHARE ? `< ${percent(LEAST_SHARE)}` : percent(share);
}

function isOfChosen(index: number): boolean {
  const node = nodesOfOperators.value[index - 1];
  return node !== undefined && node === chosenNode.value;
}

function isPointedAt(index: number): boolean {
  return pointed.value.includes(index - 1);
}

function rowClass(index: number): string {
  return `${isOfChosen(index) ? "row-chosen" : ""} ${isPointedAt(index) ? "row-pointed" : ""}`;
}

/** The row that Tab leads to; the arrow keys go on from there. */
function tabStop(indices: readonly number[]): number | undefined {
  return indices.find(isOfChosen) ?? indices[0];
}

function idOf(index: number): string {
  return `operator-${index}`;
}

interface NameProps {
  readonly name: string;
  readonly index: number;
  readonly stop: number | undefined;
}

function NameCell({ name, index, stop }: NameProps) {
  return (
    <th scope="row" class="left">
      <button
        type="button"
        id={idOf(index)}
        class="row-name"
        aria-pressed={isOfChosen(index)}
        tabIndex={index === stop ? 0 : -1}
        aria-describedby={isPointedAt(index) ? FACTS_ID : undefined}
        onFocus={() => point([index - 1])}
        onBlur={() => point([])}
        onClick={() => choose(index)}
        onKeyDown={moveToRow}
      >
        {name}
      </button>
    </th>
  );
}

function choose(index: number): void {
  chosenNode.value = nodesOfOperators.value[index - 1] ?? null;
}

function moveToRow(event: KeyboardEvent): void {
  const row = (event.currentTarget as HTMLElement).closest("tr");
  const moves: Readonly<Record<string, () => Element | null | undefined>> = {
    ArrowUp: () => row?.previousElementSibling,
    ArrowDown: () => row?.nextElementSibling,
    Home: () => row?.parentElement?.firstElementChild,
    End: () => row?.parentElement?.lastElementChild,
  };
  const move = moves[event.key];
  if (move === undefined) return;
  event.preventDefault();
  const button = move()?.querySelector<HTMLElement>(".row-name");
  button?.focus();
  button?.click();
}

/** Brings the first operator of a node into view. */
export function showOperators(node: number): void {
  buttonOf(node)?.scrollIntoView({ block: "nearest" });
}

/** Takes the focus to the first operator of a node. */
export function focusOperators(node: number): void {
  buttonOf(node)?.focus();
}

function buttonOf(node: number): HTMLElement | null {
  return document.getElementById(idOf(nodesOfOperators.peek().indexOf(node) + 1));
}

/** As many rows as there will be, so that nothing moves. */
function Waiting() {
  const names = planned.value?.chosen.operators ?? [];
  const stop = tabStop(names.map((_, i) => i + 1));
  return (
    <>
      {names.map((name, i) => (
        <tr key={name} class={rowClass(i + 1)} onPointerEnter={() => point([i])}>
          <td>{i + 1}</td>
          <NameCell name={name} index={i + 1} stop={stop} />
          {COLUMNS.slice(2).map(({ key }) => (
            <td key={key}>{"\u2013"}</td>
          ))}
        </tr>
      ))}
    </>
  );
}

function Totals({ rows }: { rows: readonly Row[] }) {
  const total = (key: "macs" | "exps" | "bytesRead" | "bytesWritten" | "hostMs") =>
    rows.reduce((sum, row) => sum + row[key], 0);
  return (
    <tfoot>
      <tr>
        <td />
        <th scope="row" class="left">
          all
        </th>
        <td>{grouped(total("macs"))}</td>
        <td>{grouped(total("exps"))}</td>
        <td>{grouped(total("bytesRead"))}</td>
        <td>{grouped(total("bytesWritten"))}</td>
        <td>{tableBoard.value?.time ? milliseconds(tableBoard.value.time.ms) : ""}</td>
        <td>{areOperatorsTold.value ? milliseconds(total("hostMs")) : ""}</td>
        <td />
      </tr>
    </tfoot>
  );
}
