/**
 * The number type w8: matrices in a byte a weight with a scale a row, all else as it was. What a tensor's bytes
 * are is ts/blob's (tensors.ts); this only says which tensors are worth it.
 */
import type { Encoded, EncodedOp } from "../blob/encode.js";
import type { PackedTensor } from "../graph/packing.js";

/** Of fewer columns, a row's scale of four bytes leaves less than half to be saved, and time is lost. */
const LEAST_COLUMNS = 4;

/** The ops with their matrices in i8, but for narrow ones, and for those that an op of another kind reads. */
export function quantizeW8(encoded: Encoded): Encoded {
  const others = encoded.ops.flatMap(otherTensors);
  const isWorthIt = (tensor: PackedTensor) =>
    tensor.columns >= LEAST_COLUMNS && !others.some((other) => isStoredAs(other, tensor));
  return { ...encoded, ops: encoded.ops.map((op) => withI8(op, isWorthIt)) };
}

function withI8(op: EncodedOp, isWorthIt: (tensor: PackedTensor) => boolean): EncodedOp {
  const tensors = op.tensors.map((tensor, index) =>
    tensor !== undefined && isMatrix(op, index) && isWorthIt(tensor) ? asI8(tensor) : tensor,
  );
  return { ...op, tensors };
}

function asI8(tensor: PackedTensor): PackedTensor {
  return { ...tensor, dtype: "i8", use: `${tensor.use} i8` };
}

function isMatrix({ primitive, tensors }: EncodedOp, index: number): boolean {
  const name = primitive.tensors?.[index];
  return name !== undefined && primitive.matrix === name && tensors[index]?.packing === "panels";
}

function otherTensors(op: EncodedOp): PackedTensor[] {
  return op.tensors
    .filter((_, index) => !isMatrix(op, index))
    .filter((tensor) => tensor !== undefined);
}

/** Tensors of one source that are packed in one way are stored once. */
function isStoredAs(a: PackedTensor, b: PackedTensor): boolean {
  return a.source === b.source && a.use === b.use;
}
