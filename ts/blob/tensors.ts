/**
 * The tensors of a blob: which rows of which checkpoint tensor each of them is made of, and how its
 * elements are packed. Knows nothing of ops or of where a tensor lies in the blob.
 */
import { BadCheckpoint, NonFinite } from "../core/errors.js";
import { GROUP, type PACKING, PANEL } from "../core/format.js";
import type { Tensor } from "../network.js";

/** A tensor as the blob will hold it. */
export interface PackedTensor {
  readonly name: string;
  readonly source: Tensor;
  readonly packing: keyof typeof PACKING;
  readonly rows: number;
  readonly columns: number;
  /** Row of the source that row `row` is taken from. */
  readonly sourceRow: (row: number) => number;
  /** What becomes of each element; absent: nothing. */
  readonly map?: (value: number) => number;
}

/** The tensors of a blob in order, each once: the same source packed the same way is shared. */
export class TensorTable {
  readonly list: PackedTensor[] = [];
  readonly #known = new Map<Tensor, Map<string, number>>();

  /** Index of the packed tensor. `use` tells apart what is made of one source in different ways. */
  add(use: string, tensor: PackedTensor): number {
    const uses = this.#known.get(tensor.source) ?? new Map<string, number>();
    this.#known.set(tensor.source, uses);
    const known = uses.get(use);
    if (known !== undefined) return known;
    uses.set(use, this.list.length);
    return this.list.push(tensor) - 1;
  }

  /** A vector [rows]. */
  vector(source: Tensor, rows: number): number {
    assertShape(source, [[rows]]);
    return this.add("vector", wholeTensor(source, "vector", rows, 1));
  }

  /** Integers [rows]. @throws BadCheckpoint when there are others */
  words(source: Tensor, rows: number): number {
    const other = source.data.find((value) => !Number.isInteger(value) || value < 0);
    if (other !== undefined) throw new BadCheckpoint(source.name, "integers from 0 on", `${other}`);
    return this.add("words", wholeTensor(source, "words", rows, 1));
  }

  /** The weight [outputs, inputs] of a linear layer, or of an embedding [vocabulary, width]. */
  panels(source: Tensor, rows: number, columns: number): number {
    assertShape(source, [[rows, columns]]);
    return this.add("panels", wholeTensor(source, "panels", rows, columns));
  }

  /** Distinct tensors of the checkpoint. */
  sources(): Iterable<Tensor> {
    return this.#known.keys();
  }
}

export function wholeTensor(
  source: Tensor,
  packing: PackedTensor["packing"],
  rows: number,
  columns: number,
): PackedTensor {
  return { name: source.name, source, packing, rows, columns, sourceRow: (row) => row };
}

/** Elements of a packed tensor, padding included. */
export function packedElements({ packing, rows, columns }: PackedTensor): number {
  const side = sideBySide(packing);
  return Math.ceil(rows / side) * side * columns;
}

/** Packs a tensor into `target`, which holds `packedElements` zeros; words go into integers. */
export function pack(tensor: PackedTensor, target: Float32Array | Uint32Array): void {
  const { source, packing, rows, columns, sourceRow, map } = tensor;
  const side = sideBySide(packing);
  for (let row = 0; row < rows; row++) {
    const from = sourceRow(row) * columns;
    const to = Math.floor(row / side) * side * columns + (row % side);
    for (let column = 0; column < columns; column++) {
      const value = source.data[from + column]!;
      target[to + column * side] = map === undefined ? value : map(value);
    }
  }
}

/** Rows that lie side by side; a vector is panels of one column. */
function sideBySide(packing: PackedTensor["packing"]): number {
  return packing === "groups" ? GROUP : PANEL;
}

/** @throws BadCheckpoint unless the shape is one of `shapes` and the data has as many elements. */
export function assertShape(tensor: Tensor, shapes: readonly (readonly number[])[]): void {
  const got = shapeText(tensor.shape);
  if (!shapes.some((shape) => shapeText(shape) === got)) {
    throw new BadCheckpoint(tensor.name, `shape ${shapes.map(shapeText).join(" or ")}`, got);
  }
  const elements = tensor.shape.reduce((product, size) => product * size, 1);
  if (tensor.data.length !== elements) {
    throw new BadCheckpoint(tensor.name, `${elements} elements`, `${tensor.data.length}`);
  }
}

/** The sizes of a tensor of `rank` dimensions, all of them positive. @throws BadCheckpoint */
export function sizesOf(tensor: Tensor, rank: number): readonly number[] {
  const isSized = tensor.shape.every((size) => Number.isInteger(size) && size > 0);
  if (tensor.shape.length !== rank || !isSized) {
    throw new BadCheckpoint(tensor.name, `${rank} positive sizes`, shapeText(tensor.shape));
  }
  return tensor.shape;
}

/** @throws NonFinite with the position of the first NaN or infinity. */
export function assertFinite(tensor: Tensor): void {
  const index = tensor.data.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return;
  throw new NonFinite(tensor.name, positionOf(index, tensor.shape), tensor.data[index]!);
}

/** Index of a flat row-major position, one number a dimension. */
export function positionOf(index: number, shape: readonly number[]): number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const position = rest % size;
      rest = Math.floor(rest / size);
      return position;
    })
    .reverse();
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
