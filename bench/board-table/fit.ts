/**
 * Costs of ops by their kind, fitted on traces of networks, and how far they are off for others. Knows no emulator.
 */
import type { CoreCosts, HeldOut } from "../../ts/board/costs.js";
import { COUNTS, coreCycles, type OpWork } from "../../ts/board/estimate.js";
import { nonNegativeLeastSquares } from "./least-squares.js";

/** A traced network: its ops, with what is between them as the last, and each one's cycles by the core's id. */
export interface Trace {
  readonly name: string;
  readonly tile: number;
  readonly isFitted: boolean;
  readonly ops: readonly OpWork[];
  readonly cycles: Readonly<Record<string, readonly number[]>>;
}

/** Ops that take less weigh as if they took so much: nobody waits for them. */
const LEAST_WEIGHED_CYCLES = 2000;
const DIGITS = 5;

interface Row {
  readonly work: OpWork;
  readonly cycles: number;
}

export function fitCore(traces: readonly Trace[], core: string): Omit<CoreCosts, "fittedOn"> {
  const rows = traces
    .filter(({ isFitted }) => isFitted)
    .flatMap(({ ops, cycles }) => ops.map((work, i) => ({ work, cycles: cycles[core]![i]! })));
  const names = [...new Set(rows.map(({ work }) => work.kind))].sort();
  const kinds = Object.fromEntries(
    names.map((kind) => [kind, fitKind(rows.filter(({ work }) => work.kind === kind))]),
  );
  const heldOut = traces
    .filter(({ isFitted }) => !isFitted)
    .map((trace) => compare({ kinds }, trace, core));
  const errors = heldOut.map(({ traced, predicted }) => Math.abs(predicted / traced - 1));
  const worstNetwork = short(Math.max(0, ...errors));
  return { worstNetwork, medianNetwork: short(median(errors)), heldOut, kinds };
}

/** The relative error is what counts. */
function fitKind(rows: readonly Row[]): CoreCosts["kinds"][string] {
  const weights = rows.map(({ cycles }) => 1 / Math.max(cycles, LEAST_WEIGHED_CYCLES));
  const found = nonNegativeLeastSquares(
    rows.map(({ work }, i) => COUNTS.map((count) => work[count] * weights[i]!)),
    rows.map(({ cycles }, i) => cycles * weights[i]!),
  );
  const costs = Object.fromEntries(
    COUNTS.map((count, k) => [count, short(found[k]!)] as const).filter(([, cost]) => cost > 0),
  );
  const errors = rows.map(({ work, cycles }, i) => {
    const predicted = COUNTS.reduce((sum, count) => sum + (costs[count] ?? 0) * work[count], 0);
    return Math.abs(predicted - cycles) * weights[i]!;
  });
  return { ...costs, samples: rows.length, worst: short(Math.max(...errors)) };
}

function compare(costs: Pick<CoreCosts, "kinds">, trace: Trace, core: string): HeldOut {
  const { name, tile, ops, cycles } = trace;
  const predicted = coreCycles(costs, ops.slice(0, -1));
  if ("unknown" in predicted)
    throw new RangeError(`nothing was fitted for ${predicted.unknown.kind}`);
  const sum = (of: readonly number[]) => of.reduce((total, one) => total + one, 0);
  return {
    ...{ name, tile, traced: sum(cycles[core]!) },
    predicted: Math.round(sum(predicted.ops) + predicted.between),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

const short = (x: number) => Number(x.toPrecision(DIGITS));
