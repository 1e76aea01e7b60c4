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

/** What may be the last of a block; "back" is that of one direction. */
const WHOLES = ["out_proj", "gated_norm", "gate", "selective_scan", "ssd_scan", "back"];

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
  const has = (wanted: string) => infos.some((info) => info.name === wanted);
  // Parts that a block does not have under one name in PyTorch, and what a whole block gives.
  const exact = [name, `${name}.x`, `${name}.xbc`];
  if (name.endsWith(".selective_scan")) exact.push(`${moduleOf(name)}.gate`);
  if (name.endsWith(".norm")) exact.push(name.replace(/norm$/, "gated_norm"));
  const layers = infos.map((info) => info.name).filter((own) => isLayerOf(name, own));
  const wholes = [...WHOLES.map((part) => `${name}.${part}`), ...layers];
  // An attention's operator has the module's name, which returns what is behind its projection.
  const isInside = has(`${name}.out_proj`);
  const block = has(name) && !isInside ? [] : wholes.filter(has);
  // Without a projection behind it, what runs last.
  const last = infos.findLast((info) => block.includes(info.name))?.name;
  const isWhole = (wanted: string) => wanted === last || wanted.endsWith(".back");
  const wanted = [...exact.filter((one) => one !== name || !isInside), ...block.filter(isWhole)];
  return infos.flatMap((info, operator) => {
    if (!wanted.includes(info.name)) return [];
    const columns = columnsOf(model, info);
    return [{ operator, functions: functionsOf(info), ...(columns && { columns }) }];
  });
}

/** "gru.l1" of a recurrent module of several layers, "gru". */
function isLayerOf(name: string, own: string): boolean {
  return own.startsWith(`${name}.l`) && /^\d+$/.test(own.slice(name.length + 2));
}

function columnsOf(model: Described, { name, op, outputWidth }: OperatorInfo) {
  const block = moduleOf(model.ops[op]?.name ?? "");
  if (name === `${block}.in_proj.x`) return [upTo(outputWidth)];
  const isConvolved = name === `${block}.in_proj.xbc` || name === `${block}.conv1d`;
  if (isConvolved) return convolvedColumns(model, block, name.endsWith(".xbc"));
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

/** Of Mamba-2: the reference has all B, then all C, and in front of them, of in_proj, z; ours takes them by turns. */
function convolvedColumns({ ops }: Described, block: string, isProjected: boolean) {
  const scan = ops.find(({ name }) => name === `${block}.ssd_scan`);
  const primitive = scan && primitiveOfName(scan.kind);
  if (scan === undefined || primitive === undefined) return undefined;
  const { attribute } = viewOf(primitive, { ...scan, widths: [], words: scan.attributes });
  const pairs = attribute("groups") * attribute("states");
  const first = isProjected ? scan.width : 0;
  const byTurns = upTo(pairs).flatMap((n) => [scan.width + n, scan.width + pairs + n]);
  return [[...upTo(scan.width), ...byTurns].map((column) => first + column)];
}

/** A tensor's elements as rows. */
export interface Layout {
  readonly rows: number;
  readonly columns: number;
  /** Where an element is. */
  readonly at: (row: number, column: number) => number;
}

/**
 * How the tensor may lie: rows of channels, or channels of rows; of several sequences the first. Where there are bands,
 * too, a row of ours has the channels of a band side by side.
 */
export function layoutsOf({ shape }: TraceTensor): Layout[] {
  const banded = shape.length === 4 ? bandLayouts(shape.slice(1)) : [];
  const sizes = shape.length > 3 ? shape.filter((size) => size !== 1) : shape;
  if (sizes.length > 3) return banded;
  const [a = 1, b = 1] = sizes.length === 3 ? sizes.slice(1) : padded(sizes);
  const rowMajor = { rows: a, columns: b, at: (row: number, column: number) => row * b + column };
  const columnMajor = {
    rows: b,
    columns: a,
    at: (row: number, column: number) => column * b + row,
  };
  return [rowMajor, columnMajor, ...banded];
}

/** [channels, time, bands] or [channels, bands, time] */
function bandLayouts([channels = 1, a = 1, b = 1]: readonly number[]): Layout[] {
  const layout = (rows: number, bands: number, rowStride: number, bandStride: number) => ({
    rows,
    columns: bands * channels,
    at: (row: number, column: number) =>
      (column % channels) * a * b + row * rowStride + Math.floor(column / channels) * bandStride,
  });
  return [layout(a, b, b, 1), layout(b, a, 1, b)];
}

function padded(sizes: readonly number[]): readonly number[] {
  return sizes.length === 1 ? [1, ...sizes] : sizes;
}
