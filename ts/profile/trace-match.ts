/**
 * Which operator a tensor of a trace is of, and how it lies: forward hooks of PyTorch give what a module returns,
 * before the function behind it, with the batch in front, channels before time, and with what a padded
 * convolution has too much. Knows nothing of how outputs come about.
 */
import type { OperatorInfo } from "../core/info.js";
import type { Model } from "../core/model.js";
import { moduleOf, primitiveOfName, viewOf } from "../graph/descriptors/index.js";
import { X_PROJ_ORDERS } from "../graph/descriptors/scan.js";

/** What a reference says an operator, or a module, put out: float64. */
export interface TraceTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** An operator that a tensor may be of. */
export interface Candidate {
  readonly operator: number;
  /** Columns of the tensor that are the operator's; more than one list: one of them. */
  readonly columns?: readonly (readonly number[])[];
  /** What may stand between what the module returns and what the operator gives. */
  readonly functions: readonly ((x: number) => number)[];
}

type Described = Pick<Model, "ops">;

/** Beginnings that trainers and wrappers put before the names of all modules. */
const WRAPPERS = /^((module|_orig_mod|model|net|network)\.)+/;

/** Operators that a tensor of this name is of, by its whole name or without wrappers' beginnings. */
export function candidatesOf(
  model: Described,
  infos: readonly OperatorInfo[],
  name: string,
): Candidate[] {
  const names = [...new Set([name, name.replace(WRAPPERS, "")])];
  for (const known of names) {
    const found = candidatesOfName(model, infos, known);
    if (found.length > 0) return found;
  }
  return [];
}

/** Operators whose name is the end of this one, or the other way round: only values can tell. */
export function likelyOperators(infos: readonly OperatorInfo[], name: string): Candidate[] {
  return infos.flatMap((info, operator) => {
    const isEnd = name.endsWith(`.${info.name}`) || info.name.endsWith(`.${name}`);
    return isEnd ? [{ operator, functions: functionsOf(info) }] : [];
  });
}

function candidatesOfName(
  model: Described,
  infos: readonly OperatorInfo[],
  name: string,
): Candidate[] {
  // Parts that a block does not have under one name in PyTorch, and what a whole block gives.
  const exact = [name, `${name}.x`];
  if (name.endsWith(".selective_scan")) exact.push(`${moduleOf(name)}.gate`);
  const wholes = [`${name}.out_proj`, `${name}.gate`, `${name}.selective_scan`, `${name}.back`];
  const has = (wanted: string) => infos.some((info) => info.name === wanted);
  const block = has(name) ? [] : wholes.filter(has);
  // Without a projection behind it, the gate is the last.
  const isWhole = (wanted: string) => wanted === block[0] || wanted.endsWith(".back");
  const wanted = [...exact, ...block.filter(isWhole)];
  return infos.flatMap((info, operator) => {
    if (!wanted.includes(info.name)) return [];
    const columns = columnsOf(model, info);
    return [{ operator, functions: functionsOf(info), ...(columns && { columns }) }];
  });
}

function columnsOf(model: Described, { name, op, outputWidth }: OperatorInfo) {
  const block = moduleOf(model.ops[op]?.name ?? "");
  if (name === `${block}.in_proj.x`) return [upTo(outputWidth)];
  return name === `${block}.x_proj` ? projectedColumns(model, block, outputWidth) : undefined;
}

const SAME = (x: number) => x;
const SILU = (x: number) => x / (1 + Math.exp(-x));
const RELU = (x: number) => Math.max(x, 0);
/** Where exp overflows, it is x. */
const SOFTPLUS = (x: number) => (x > 700 ? x : Math.log1p(Math.exp(x)));

function functionsOf({ name }: OperatorInfo): Candidate["functions"] {
  if (name.endsWith("conv1d")) return [SAME, SILU];
  if (name.endsWith("dt_proj")) return [SAME, SOFTPLUS];
  return name.endsWith("conv") ? [SAME, RELU] : [SAME];
}

/** All columns of a tensor as many as an operator has. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/**
 * The reference has dt, B and C in the order of its checkpoint, which a blob does not say; ours has dt, then
 * B and C by turns. Were the checkpoint read in a wrong order, dt_proj would be the first to depart.
 */
function projectedColumns({ ops }: Described, block: string, width: number): number[][] {
  const scan = ops.find(({ name }) => name === `${block}.selective_scan`);
  const primitive = scan && primitiveOfName(scan.kind);
  if (scan === undefined || primitive === undefined) return [upTo(width)];
  const { attribute } = viewOf(primitive, { ...scan, widths: [], words: scan.attributes });
  const [rank, states] = [attribute("rank"), attribute("states")];
  return X_PROJ_ORDERS.map((order) => {
    const first = { dt: 0, B: 0, C: 0 };
    let at = 0;
    for (const part of order.match(/dt|B|C/g) as ("dt" | "B" | "C")[]) {
      first[part] = at;
      at += part === "dt" ? rank : states;
    }
    const byTurns = upTo(states).flatMap((n) => [first.B + n, first.C + n]);
    return [...upTo(rank).map((n) => first.dt + n), ...byTurns];
  });
}

/** A tensor's elements as rows: element (row, column) is at row * rowStride + column * columnStride. */
export interface Layout {
  readonly rows: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** How the tensor may lie: rows of channels, or channels of rows; of several sequences the first. */
export function layoutsOf({ shape }: TraceTensor): Layout[] {
  const sizes = shape.length > 3 ? shape.filter((size) => size !== 1) : shape;
  if (sizes.length > 3) return [];
  const [a = 1, b = 1] = sizes.length === 3 ? sizes.slice(1) : padded(sizes);
  const rowMajor = { rows: a, columns: b, rowStride: b, columnStride: 1 };
  const columnMajor = { rows: b, columns: a, rowStride: 1, columnStride: b };
  return [rowMajor, columnMajor];
}

function padded(sizes: readonly number[]): readonly number[] {
  return sizes.length === 1 ? [1, ...sizes] : sizes;
}
