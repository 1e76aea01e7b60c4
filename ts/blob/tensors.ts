/**
 * The tensors of a blob: each once, and the bytes that each becomes. Knows nothing of ops or of where a
 * tensor lies in the blob.
 */
import { GROUP, PADDING, PANEL, type PackedTensor, roundUpTo } from "../graph/packing.js";
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

/** Bytes of a packed tensor, padding included. */
export function packedBytes(tensor: PackedTensor): number {
  const rows = roundUpTo(tensor.rows, sideBySide(tensor));
  return tensor.dtype === "i8"
    ? rows * (WORD_BYTES + tensor.columns)
    : rows * tensor.columns * WORD_BYTES;
}

/** Packs a tensor into `target`: `packedBytes` zeros that begin at a multiple of 4. */
export function pack(tensor: PackedTensor, target: Uint8Array<ArrayBuffer>): void {
  if (tensor.dtype === "i8") packIntegers(tensor, target);
  else packWords(tensor, target);
}

function packWords(tensor: PackedTensor, target: Uint8Array<ArrayBuffer>): void {
  const words = tensor.dtype === "u32" ? Uint32Array : Float32Array;
  const elements = new words(target.buffer, target.byteOffset, target.byteLength / WORD_BYTES);
  for (let row = 0; row < tensor.rows; row++) packRow(tensor, row, (value) => value, elements);
}

/** The scales of all rows, then the integers. */
function packIntegers(tensor: PackedTensor, target: Uint8Array<ArrayBuffer>): void {
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

/** Rows that lie side by side; a vector is panels of one column. */
function sideBySide({ packing }: PackedTensor): number {
  return packing === "groups" ? GROUP : PANEL;
}
