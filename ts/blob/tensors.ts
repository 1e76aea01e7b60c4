/**
 * The tensors of a blob: each once, and the bytes that each becomes. Knows nothing of ops or of where a
 * tensor lies in the blob.
 */
import { GROUP, PADDING, PANEL, type PackedTensor, roundUpTo } from "../graph/packing.js";
import type { Tensor } from "../graph/tensor.js";

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

/** Elements of a packed tensor, padding included. */
export function packedElements(tensor: PackedTensor): number {
  return roundUpTo(tensor.rows, sideBySide(tensor)) * tensor.columns;
}

/** Packs a tensor into `target`, which holds `packedElements` zeros; u32 goes into integers. */
export function pack(tensor: PackedTensor, target: Float32Array | Uint32Array): void {
  const { source, rows, columns, map } = tensor;
  const { element = (row, column) => row * columns + column } = tensor;
  const side = sideBySide(tensor);
  for (let row = 0; row < rows; row++) {
    const to = Math.floor(row / side) * side * columns + (row % side);
    for (let column = 0; column < columns; column++) {
      const from = element(row, column);
      if (from === PADDING) continue;
      const value = source.data[from]!;
      target[to + column * side] = map === undefined ? value : map(value);
    }
  }
}

/** Rows that lie side by side; a vector is panels of one column. */
function sideBySide({ packing }: PackedTensor): number {
  return packing === "groups" ? GROUP : PANEL;
}
