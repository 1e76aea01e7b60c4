/**
 * The tensors of a blob: each once, and the bytes that each becomes. Knows nothing of ops or of where a
 * tensor lies in the blob.
 */
import {
  GROUP,
  type Integers,
  PADDING,
  PANEL,
  type PackedTensor,
  QUAD,
  roundUpTo,
} from "../graph/packing.js";
import type { Tensor } from "../graph/tensor.js";

const WORD_BYTES = 4;
/** Of a symmetric i8: -128 is not used. */
const LARGEST_I8 = 127;
/** Where each output of a panel of i8 is among the eight. */
const I8_ORDER = [0, 2, 4, 6, 1, 3, 5, 7];
/** Below it machines may take a float for 0. */
const LEAST_NORMAL = 2 ** -126;

/** The tensors of a blob in order, each once: the same source packed the same way is shared. */
export class TensorTable {
  readonly list: PackedTensor[] = [];
  readonly #known = new Map<Tensor, Map<string, number>>();

  /** Index of a packed tensor. */
  add(tensor: PackedTensor): number {
    const uses = this.#known.get(tensor.source) ?? new Map<string, number>();
    this.#known.set(tensor.source, uses);
    const known = uses.get(tensor.use);
    if (known !== undefined) return known;
    uses.set(tensor.use, this.list.length);
    return this.list.push(tensor) - 1;
  }

  /** Distinct tensors of the checkpoint. */
  sources(): Iterable<Tensor> {
    return this.#known.keys();
  }
}

const ELEMENT_BYTES = { f32: 4, u32: 4, i32: 4, i16: 2, i8: 1 } as const;

/** Bytes of a packed tensor, padding included. */
export function packedBytes(tensor: PackedTensor): number {
  const scales = hasScales(tensor) ? roundUpTo(tensor.rows, PANEL) * WORD_BYTES : 0;
  return scales + packedElements(tensor) * ELEMENT_BYTES[tensor.dtype];
}

/** Panels of i8 have the floats that they are multiplied by, a row each, before them. */
function hasScales({ dtype, packing }: PackedTensor): boolean {
  return dtype === "i8" && packing === "panels";
}

function packedElements({ packing, rows, columns }: PackedTensor): number {
  switch (packing) {
    case "groups":
      return roundUpTo(rows, GROUP) * columns;
    case "quads":
      return roundUpTo(rows, QUAD) * roundUpTo(columns, QUAD);
    case "rows":
      return roundUpTo(rows * columns, PANEL);
    default:
      return roundUpTo(rows, PANEL) * columns;
  }
}

/** Packs a tensor into `target`: `packedBytes` zeros that begin at a multiple of 4. */
export function pack(tensor: PackedTensor, target: Uint8Array<ArrayBuffer>): void {
  const { packing, integers } = tensor;
  if (hasScales(tensor)) {
    packScaled(tensor, target);
  } else if (integers === undefined) {
    packWords(tensor, target);
  } else if (packing === "quads") {
    packQuads(tensor, integers, target);
  } else {
    const elements = integers instanceof Int16Array ? Int16Array : Int32Array;
    new elements(target.buffer, target.byteOffset, packedElements(tensor)).set(integers);
  }
}

function packWords(tensor: PackedTensor, target: Uint8Array<ArrayBuffer>): void {
  const words = tensor.dtype === "u32" ? Uint32Array : Float32Array;
  const elements = new words(target.buffer, target.byteOffset, target.byteLength / WORD_BYTES);
  for (let row = 0; row < tensor.rows; row++) packRow(tensor, row, (value) => value, elements);
}

/** The scales of all rows, then the integers. */
function packScaled(tensor: PackedTensor, target: Uint8Array<ArrayBuffer>): void {
  const { buffer, byteOffset } = target;
  const scales = new Float32Array(buffer, byteOffset, roundUpTo(tensor.rows, PANEL));
  const integers = new Int8Array(buffer, byteOffset + scales.byteLength);
  for (let row = 0; row < tensor.rows; row++) {
    const scale = scaleOf(tensor, row);
    scales[row] = scale;
    if (scale > 0) packRow(tensor, row, (value) => roundToEven(value / scale), integers, I8_ORDER);
  }
}

/** The float32 with which a row's largest weight becomes 127; 0 for a row that is as good as 0. */
function scaleOf(tensor: PackedTensor, row: number): number {
  let largest = 0;
  for (let column = 0; column < tensor.columns; column++) {
    largest = Math.max(largest, Math.abs(valueAt(tensor, row, column)));
  }
  const scale = Math.fround(largest / LARGEST_I8);
  return scale < LEAST_NORMAL ? 0 : scale;
}

function roundToEven(value: number): number {
  const nearest = Math.round(value);
  const isTie = nearest - value === 0.5;
  return isTie && nearest % 2 !== 0 ? nearest - 1 : nearest;
}

function packRow(
  tensor: PackedTensor,
  row: number,
  convert: (value: number) => number,
  target: Float32Array | Uint32Array | Int8Array,
  order?: readonly number[],
): void {
  const side = sideBySide(tensor);
  const beside = row % side;
  const to = Math.floor(row / side) * side * tensor.columns + (order?.[beside] ?? beside);
  for (let column = 0; column < tensor.columns; column++) {
    target[to + column * side] = convert(valueAt(tensor, row, column));
  }
}

/** An element before it is packed. */
function valueAt({ source, columns, element, map }: PackedTensor, row: number, column: number) {
  const from = element === undefined ? row * columns + column : element(row, column);
  if (from === PADDING) return 0;
  const value = source.data[from]!;
  return map === undefined ? value : map(value);
}

/** The elements of a tensor of floats as an op means them, row by row and without padding; padding is 0. */
export function elementsOfPacked(tensor: PackedTensor): Float64Array {
  const { rows, columns } = tensor;
  return Float64Array.from({ length: rows * columns }, (_, i) =>
    valueAt(tensor, Math.floor(i / columns), i % columns),
  );
}

/** Bytes have no sign in a blob: what is stored is 128 more. */
const BYTE_OFFSET = 128;
/** Where the four inputs of a quad lie. */
const QUAD_ORDER = [0, 2, 1, 3] as const;

function packQuads({ rows, columns }: PackedTensor, weights: Integers, target: Uint8Array): void {
  const across = roundUpTo(columns, QUAD);
  target.fill(BYTE_OFFSET);
  for (let row = 0; row < rows; row++) {
    const first = Math.floor(row / QUAD) * QUAD * across + (row % QUAD) * QUAD;
    for (let column = 0; column < columns; column++) {
      const quad = first + Math.floor(column / QUAD) * QUAD * QUAD;
      target[quad + QUAD_ORDER[column % QUAD]!] = weights[row * columns + column]! + BYTE_OFFSET;
    }
  }
}

/** Rows that lie side by side; a vector is panels of one column. */
function sideBySide({ packing }: PackedTensor): number {
  return packing === "groups" ? GROUP : PANEL;
}
