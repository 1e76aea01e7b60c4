/** Changes to blobs for tests: bytes replaced, and the checksum made right again. */

import { HEADER, OP_BYTES, TENSOR, TENSOR_BYTES } from "../../../ts/core/format.js";
import { crc32 } from "../../../ts/crc32.js";

/** A copy that `change` was applied to, with a checksum that says nothing of it. */
export function changed(blob: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = blob.slice();
  const view = new DataView(copy.buffer);
  change(view);
  view.setUint32(HEADER.crc32, 0, true);
  view.setUint32(HEADER.crc32, crc32(copy), true);
  return copy;
}

export function word(view: DataView, at: number): number {
  return view.getUint32(at, true);
}

/** Offset of the record of tensor or op `index`. */
export function tensorAt(view: DataView, index: number): number {
  return word(view, HEADER.tensorOffset) + index * TENSOR_BYTES;
}

export function opAt(view: DataView, index: number): number {
  return word(view, HEADER.opOffset) + index * OP_BYTES;
}

/** Offset of the data of tensor `index`. */
export function dataAt(view: DataView, index: number): number {
  return word(view, tensorAt(view, index) + TENSOR.offset);
}
