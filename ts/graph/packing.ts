/**
 * Tensors as a blob will hold them: which element of which checkpoint tensor goes where, in the packings of
 * csrc/kernels/records.h. Descriptions only; ts/blob makes the bytes. Knows nothing of ops.
 */
import type { Tensor } from "./tensor.js";

export type PackingName = "vector" | "panels" | "groups";

export interface PackedTensor {
  readonly name: string;
  readonly source: Tensor;
  /** Tells apart what is made of one source in different ways; equal ones are stored once. */
  readonly use: string;
  readonly packing: PackingName;
  /** i8: panels with a scale a row, made from the source's floats. */
  readonly dtype: "f32" | "u32" | "i8";
  readonly rows: number;
  readonly columns: number;
  /** Index in the source of an element, or PADDING; absent: row by row, as the source has them. */
  readonly element?: (row: number, column: number) => number;
  /** What becomes of each element; absent: nothing. */
  readonly map?: (value: number) => number;
}

/** "No element of the source": a zero. */
export const PADDING = -1;

/** Rows of panels, channels of groups, that lie side by side. */
export const PANEL = 8;
export const GROUP = 4;

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
