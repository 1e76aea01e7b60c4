/**
 * The operators that a person points at or focuses, in whichever view, and what is known of them: their buffers, bytes and
 * times. All views show the same ones. Knows nothing of how they are shown.
 */
import { computed, effect, signal } from "@preact/signals";
import { aliveBytes } from "../charts/arena-layout.js";
import type { Times } from "../worker/protocol.js";
import { boards } from "./choice.js";
import { chosenNode, nodesOfOperators } from "./selection.js";
import { areOperatorsTold, exact, measured, model, times } from "./simulator.js";

/** Indices in order of execution; none: nothing is pointed at. */
export const pointed = signal<readonly number[]>([]);

effect(() => {
  exact.value;
  pointed.value = [];
});

export function operatorsOfNode(node: number): number[] {
  return nodesOfOperators.value.flatMap((of, index) => (of === node ? [index] : []));
}

/** What is pointed at, else what is chosen. */
export const shownOperators = computed<readonly number[]>(() => {
  if (pointed.value.length > 0) return pointed.value;
  return chosenNode.value === null ? [] : operatorsOfNode(chosenNode.value);
});

/** Indices of ops. */
function opsOf(operators: readonly number[]): ReadonlySet<number> {
  const all = exact.value?.chosen.ops ?? [];
  return new Set(operators.flatMap((index) => all[index] ?? []));
}

/** Indices of the plan's buffers that belong to the operators that are shown. */
export const shownBuffers = computed<ReadonlySet<number>>(() => {
  const ops = model.value?.ops ?? [];
  const names = new Set([...opsOf(shownOperators.value)].map((op) => ops[op]?.name));
  const buffers = exact.value?.chosen.plan.buffers ?? [];
  return new Set(buffers.flatMap(({ name }, i) => (names.has(opName(name)) ? [i] : [])));
});

/** Of a buffer's name. */
function opName(buffer: string): string {
  return buffer.slice(0, buffer.lastIndexOf("."));
}

/** The operators of the op that a buffer belongs to; none for the session's own. */
export function operatorsOfBuffer(buffer: string): number[] {
  const op = (model.value?.ops ?? []).findIndex(({ name }) => name === opName(buffer));
  return (exact.value?.chosen.ops ?? []).flatMap((of, index) => (of === op ? [index] : []));
}

// ---- times on boards -----------------------------------------------------------------------------------

export interface BoardMs {
  readonly id: string;
  /** Estimated. */
  readonly ms: number;
  /** Of the whole input. */
  readonly ofMs: number;
}

type TimedBoard = Times["boards"][number];

/** Of the boards that are looked at, those that have times. */
const timedBoards = computed<readonly TimedBoard[]>(() =>
  (times.value?.boards ?? []).filter(({ id, time }) => time && boards.value.includes(id)),
);

/** The board whose times stand beside those of this host. */
export const tableBoard = computed(() => timedBoards.value[0]);

function boardMs(ops: ReadonlySet<number>): BoardMs[] {
  return timedBoards.value.flatMap(({ id, time }) => {
    if (time === undefined) return [];
    const ms = time.operators.reduce((sum, one, op) => sum + (ops.has(op) ? one.ms : 0), 0);
    return [{ id, ms, ofMs: time.ms }];
  });
}

// ---- facts ---------------------------------------------------------------------------------------------

export interface OperatorFacts {
  /** Of the first operator, or of the chosen node's. */
  readonly names: readonly string[];
  readonly buffers: readonly { readonly role: string; readonly bytes: number }[];
  readonly bytes: number;
  /** Most bytes in use while they run, of all there are. */
  readonly aliveBytes: number;
  readonly arenaBytes: number;
  readonly boards: readonly BoardMs[];
  /** On this host; undefined until it is told. */
  readonly hostMs: number | undefined;
}

/** Null when nothing is pointed at or chosen. */
export const facts = computed<OperatorFacts | null>(() => {
  const operators = shownOperators.value;
  const figures = exact.value;
  if (figures === null || operators.length === 0) return null;
  const { plan, operators: names } = figures.chosen;
  const alive = aliveBytes(plan, names.length);
  const buffers = [...shownBuffers.value].flatMap((index) => plan.buffers[index] ?? []);
  const host = areOperatorsTold.value ? measured.value?.report.operators : undefined;
  return {
    names: operators.map((index) => names[index] ?? ""),
    buffers: buffers.map(({ name, bytes }) => ({
      role: name.slice(name.lastIndexOf(".") + 1),
      bytes,
    })),
    bytes: buffers.reduce((sum, { bytes }) => sum + bytes, 0),
    aliveBytes: Math.max(...operators.map((index) => alive[index] ?? 0)),
    arenaBytes: plan.arenaBytes,
    boards: boardMs(opsOf(operators)),
    hostMs: host && operators.reduce((sum, index) => sum + (host[index]?.hostMs ?? 0), 0),
  };
});
