/**
 * What a model takes on a board, at once, from a table of costs that was fitted on traces (`bench/board-table.mjs`):
 * cycles of the core by the op, and the lines of weights that are fetched again with every tile. Where an op is of a
 * kind that the table does not have there is no estimate. Knows no model and no emulator.
 */
import type { BoardTiming } from "./boards.js";
import type { CoreCosts, CostTable, FittedOn } from "./costs.js";
import type { Memory } from "./memory/memories.js";

/** What an op has to do over a whole input, in numbers that cycles grow with. */
export const COUNTS = [
  "calls",
  "rows",
  "ragged",
  "elements",
  "inputs",
  "once",
  "rest",
  "weights",
  "macs",
  "partMacs",
  "exps",
] as const;

export interface OpWork {
  readonly name: string;
  /** The core's name of its class, with its variant where it has some: "linear", "norm/rms". */
  readonly kind: string;
  /** How often it is run: once a tile. */
  readonly calls: number;
  /** That it reads, or writes where these are more. */
  readonly rows: number;
  /** Of the rows, those that do not end with a whole panel or group. */
  readonly ragged: number;
  /** With those that only fill a panel or group up, as in all counts below but the weights. */
  readonly elements: number;
  /** Elements of the rows that it reads; of samples those that it has not seen before. */
  readonly inputs: number;
  /** Elements that it makes when the sequence has ended. */
  readonly once: number;
  /** Of a scan: states that are not updated in eights. */
  readonly rest: number;
  /** Read by all calls together. */
  readonly weights: number;
  /** Of its last operator, and of the operators before it; of a log-mel front end, of its transform and its filters. */
  readonly macs: number;
  readonly partMacs: number;
  readonly exps: number;
}

/** What is known of a model and its plan. */
export interface Workload {
  readonly ops: readonly OpWork[];
  /** Of the weights as they lie in the blob. */
  readonly weightBytes: number;
  readonly arenaBytes: number;
  /** Id of the board's memory of the arena; where it has none of that name, the usual one. */
  readonly arena: string;
  /** Id of the board's memory of the weights. Default: the board's usual one. */
  readonly weights?: string;
}

export interface OpEstimate {
  readonly name: string;
  readonly ms: number;
}

/** What an estimate holds for. */
export interface Conditions {
  readonly core: string;
  readonly clockHz: number;
  /** Names of the memories. */
  readonly placement: Readonly<Record<"weights" | "arena", string>>;
  /** Flash mode, wait states, caches, compiler flags. */
  readonly notes: readonly string[];
  /** Whose cycles the costs are. */
  readonly fittedOn: FittedOn;
}

/** That the core waits for a memory. */
export interface Wait {
  readonly thing: "weights" | "arena";
  readonly memory: string;
  readonly ms: number;
}

export interface Estimate {
  readonly ms: number;
  readonly lowMs: number;
  readonly highMs: number;
  /** Of the core alone: the rest of `ms` is waited for. */
  readonly coreMs: number;
  /** Those that take any time. */
  readonly waits: readonly Wait[];
  readonly conditions: Conditions;
  readonly operators: readonly OpEstimate[];
}

/** Why there is none. */
export interface NoEstimate {
  readonly reason: string;
}

/** Cycles of the core for each op, and for what is between them. */
export interface CoreCycles {
  readonly ops: readonly number[];
  readonly between: number;
}

/** Name of the kind that stands for what the core does between ops. */
export const BETWEEN = "between ops";

/** It goes with steps, passes (as rows) and ops (as elements): each of these has its beginning and end. */
export function betweenWork(ops: readonly OpWork[]): OpWork {
  return {
    ...{ name: BETWEEN, kind: BETWEEN },
    calls: ops.reduce((sum, op) => sum + op.calls, 0),
    rows: Math.max(...ops.map(({ calls }) => calls)),
    ...{ elements: ops.length, ragged: 0, inputs: 0, once: 0, rest: 0 },
    ...{ weights: 0, macs: 0, partMacs: 0, exps: 0 },
  };
}

/** Undefined where an op is of a kind that the table does not have. */
export function coreCycles(
  costs: Pick<CoreCosts, "kinds">,
  ops: readonly OpWork[],
): CoreCycles | { readonly unknown: OpWork } {
  const unknown = ops.find(({ kind }) => costs.kinds[kind] === undefined);
  if (unknown !== undefined) return { unknown };
  return {
    ops: ops.map((op) => cyclesOf(costs, op)),
    between: cyclesOf(costs, betweenWork(ops)),
  };
}

function cyclesOf({ kinds }: Pick<CoreCosts, "kinds">, work: OpWork): number {
  const cost = kinds[work.kind];
  return COUNTS.reduce((sum, count) => sum + (cost?.[count] ?? 0) * work[count], 0);
}

/**
 * How far traced cycles were off published times of other people's firmware (MLPerf Tiny, a Cortex-M7): at most 6.6 %.
 * Of other pipelines there is nothing to hold them against: twice that.
 */
const PIPELINE_UNCERTAINTY: Readonly<Record<string, number>> = { "cortex-m7": 0.07 };
const OTHER_UNCERTAINTY = 0.14;

export function estimate(
  timing: BoardTiming,
  work: Workload,
  table: CostTable,
): Estimate | NoEstimate {
  const { core, clockHz } = timing;
  const costs = table.cores[core.id];
  if (costs === undefined) return { reason: `no costs of the core (${core.name})` };
  const cycles = coreCycles(costs, work.ops);
  if ("unknown" in cycles) {
    return { reason: `no costs of ${cycles.unknown.kind} (${cycles.unknown.name})` };
  }
  const weights = timing.memories[work.weights ?? timing.placement.weights]!;
  const arena = timing.memories[work.arena] ?? timing.memories[timing.placement.arena]!;
  const total = cycles.ops.reduce((sum, one) => sum + one, cycles.between);
  const lines = linesFetched(timing, work, weights, arena);
  const pipeline = PIPELINE_UNCERTAINTY[core.id] ?? OTHER_UNCERTAINTY;
  const uncertainty = pipeline + costs.worstNetwork + (timing.proxy?.uncertainty ?? 0);
  const ms = (count: number) => (count / clockHz) * 1000;
  const waits = (bound: "usual" | "low" | "high") =>
    lines.weights * weights.cycles[bound] + lines.arena * arena.cycles[bound];
  const waited: Wait[] = [
    { thing: "weights", memory: weights.name, ms: ms(lines.weights * weights.cycles.usual) },
    { thing: "arena", memory: arena.name, ms: ms(lines.arena * arena.cycles.usual) },
  ];
  return {
    ms: ms(total + waits("usual")),
    lowMs: ms(total * Math.max(0, 1 - uncertainty) + waits("low")),
    highMs: ms(total * (1 + uncertainty) + waits("high")),
    coreMs: ms(total),
    waits: waited.filter((wait) => wait.ms > 0),
    conditions: {
      ...{ core: core.name, clockHz, placement: { weights: weights.name, arena: arena.name } },
      ...{ notes: timing.conditions, fittedOn: costs.fittedOn },
    },
    operators: operatorTimes(work.ops, cycles.ops.map(ms), ms(waits("usual"))),
  };
}

/** What is waited for goes by the weights that an op reads. */
function operatorTimes(
  ops: readonly OpWork[],
  coreMs: readonly number[],
  waitedMs: number,
): OpEstimate[] {
  const all = ops.reduce((sum, op) => sum + op.weights, 0);
  return ops.map(({ name, weights }, i) => {
    const share = all > 0 ? weights / all : 0;
    return { name, ms: coreMs[i]! + share * waitedMs };
  });
}

/**
 * Lines of memory that are waited for. What all passes go through fits the cache, and is fetched once, or does not,
 * and then each line is gone again before its turn comes.
 */
function linesFetched(
  { caches }: BoardTiming,
  { ops, weightBytes, arenaBytes }: Workload,
  weights: Memory,
  arena: Memory,
): { readonly weights: number; readonly arena: number } {
  const passes = Math.max(...ops.map(({ calls }) => calls));
  const through = (name: Memory["data"], bytes: number, memory: Memory) =>
    memory.data === name ? bytes : 0;
  const fetched = (memory: Memory, bytes: number) => {
    const cache = memory.data && caches[memory.data];
    if (cache === undefined) return passes * Math.ceil(bytes / ACCESS_BYTES);
    const together =
      through(memory.data, weightBytes, weights) + through(memory.data, arenaBytes, arena);
    const lines = Math.ceil(bytes / cache.lineBytes);
    return together > cache.bytes ? passes * lines : lines;
  };
  return { weights: fetched(weights, weightBytes), arena: fetched(arena, arenaBytes) };
}

/** Of a memory without a cache: each is paid for. */
const ACCESS_BYTES = 4;
