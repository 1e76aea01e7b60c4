/**
 * Tensors as a blob will hold them: which element of which checkpoint tensor goes where, in the packings of
 * csrc/kernels/records.h. Descriptions only; ts/blob makes the bytes. Knows nothing of ops.
 */
import type { Tensor } from "./tensor.js";

export type PackingName = "vector" | "panels" | "groups" | "quads" | "rows";

/** Elements of a tensor of integers, row by row. */
export type Integers = Int8Array | Int16Array | Int32Array;

export interface PackedTensor {
  readonly name: string;
  readonly source: Tensor;
  /** Tells apart what is made of one source in different ways; equal ones are stored once. */
  readonly use: string;
  readonly packing: PackingName;
  /** i8 as panels: with a scale a row, made from the source's floats. */
  readonly dtype: "f32" | "u32" | "i8" | "i16" | "i32";
  readonly rows: number;
  readonly columns: number;
  /** Index in the source of an element, or PADDING; absent: row by row, as the source has them. */
  readonly element?: (row: number, column: number) => number;
  /** What becomes of each element; absent: nothing. */
  readonly map?: (value: number) => number;
  /** The elements themselves, of a tensor that no checkpoint has; `source` is then only its name and shape. */
  readonly integers?: Integers;
}

/** "No element of the source": a zero. */
export const PADDING = -1;

/** Rows of panels, channels of groups, that lie side by side. */
export const PANEL = 8;
export const GROUP = 4;
/** Outputs and inputs of quads that lie together. */
export const QUAD = 4;

export function roundUpTo(count: number, to: number): number {
  return Math.ceil(count / to) * to;
}

/** All elements, whatever the shape, one behind the other. */
export function vector(source: Tensor): PackedTensor {
  return whole(source, "vector", source.data.length, 1);
}

/** The same, where a tensor may be absent. */
export function optionalVector(source: Tensor | undefined): PackedTensor | undefined {
  return source && vector(source);
}

/** Integers from 0 on. */
export function words(source: Tensor): PackedTensor {
  return { ...vector(source), use: "words", dtype: "u32" };
}

/** The weight [rows, columns] of a linear layer, of an embedding ... */
export function panels(source: Tensor, rows: number, columns: number): PackedTensor {
  return whole(source, "panels", rows, columns);
}

/** [channels, columns]: of taps, of A. */
export function groups(source: Tensor, rows: number, columns: number): PackedTensor {
  return whole(source, "groups", rows, columns);
}

/** A vector of integers. */
export function integerVector(name: string, integers: Int16Array | Int32Array): PackedTensor {
  return integerTensor(name, "vector", integers, integers.length, 1);
}

/** [rows, columns]: the weight of an integer linear layer. */
export function quads(name: string, integers: Int8Array, rows: number): PackedTensor {
  return integerTensor(name, "quads", integers, rows, integers.length / rows);
}

/** [rows, columns]: taps, A, a table. */
export function integerRows(name: string, integers: Int16Array, rows: number): PackedTensor {
  return integerTensor(name, "rows", integers, rows, integers.length / rows);
}

/** Some rows of a source that is packed as `packed` is: those that `rowOf` names. */
export function rowsOf(
  packed: PackedTensor,
  use: string,
  rows: number,
  rowOf: (row: number) => number,
): PackedTensor {
  const { columns } = packed;
  const element = (row: number, column: number) => rowOf(row) * columns + column;
  return { ...packed, use: `${packed.use} ${use}`, rows, element };
}

/** `count` rows from `first` on, named after what they are. */
export function partOf(
  packed: PackedTensor,
  part: string,
  first: number,
  count: number,
): PackedTensor {
  const rows = rowsOf(packed, `${first} ${count}`, count, (row) => first + row);
  return { ...rows, name: `${packed.name}[${part}]` };
}

function whole(source: Tensor, packing: PackingName, rows: number, columns: number): PackedTensor {
  return { name: source.name, source, use: packing, packing, dtype: "f32", rows, columns };
}

function integerTensor(
  name: string,
  packing: PackingName,
  integers: Integers,
  rows: number,
  columns: number,
): PackedTensor {
  const source = { name, shape: [rows, columns], data: new Float32Array(0) };
  return { name, source, use: packing, packing, dtype: dtypeOf(integers), rows, columns, integers };
}

function dtypeOf(integers: Integers): "i8" | "i16" | "i32" {
  if (integers instanceof Int8Array) return "i8";
  return integers instanceof Int16Array ? "i16" : "i32";
}
