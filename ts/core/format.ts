/**
 * Where things are in an .mlm blob: the numbers of csrc/core/blob.h, for the one who writes blobs
 * and for naming the tensor or op of a blob that the core refused. Validates nothing.
 */

export const BLOB_MAGIC = 0x1a4d4c4d;
export const BLOB_VERSION = 1;
export const BLOB_ALIGNMENT = 16;
export const HEADER_BYTES = 80;
export const OP_BYTES = 80;
export const TENSOR_BYTES = 32;
/** Outputs of a linear layer, channels of conv1d and scan, that lie side by side. */
export const PANEL = 8;
export const GROUP = 4;
/** "No tensor" in an op's references. */
export const NO_TENSOR = 0xffff;
export const TENSOR_REFS = 16;

/** Byte offsets in the header; every field is a 32-bit word. */
export const HEADER = {
  magic: 0,
  version: 4,
  blobBytes: 8,
  crc32: 12,
  inputKind: 16,
  inputWidth: 20,
  logits: 24,
  opCount: 28,
  opOffset: 32,
  tensorCount: 36,
  tensorOffset: 40,
  labelCount: 44,
  labelOffset: 48,
  stringBytes: 52,
  stringOffset: 56,
  metadata: 60,
  selfTestFrames: 64,
  selfTestInput: 68,
  selfTestLogits: 72,
} as const;

/** Byte offsets in an op record. `inputs`, `tensors`, `kind` and `variant` are 16-bit. */
export const OP = {
  kind: 0,
  variant: 2,
  name: 4,
  inputs: 8,
  epsilon: 12,
  dims: 16,
  tensors: 48,
} as const;

/** Byte offsets in a tensor record. `dtype` and `packing` are 16-bit. */
export const TENSOR = {
  name: 0,
  dtype: 4,
  packing: 6,
  rows: 8,
  columns: 12,
  offset: 16,
  bytes: 20,
} as const;

/** mlm_op_kind */
export const OP_KIND = {
  linear: 1,
  mamba: 2,
  norm: 3,
  add: 4,
  pool: 5,
  embedding: 6,
  activation: 7,
  logmel: 8,
  affine: 9,
} as const;

/** mlm_input_kind */
export const INPUT_KIND = { frames: 0, tokens: 1, samples: 2 } as const;

/** Values of an op record's `variant`. */
export const VARIANT = {
  norm: { rms: 0, layer: 1 },
  pool: { mean: 0, last: 1, max: 2 },
  activation: { silu: 0, relu: 1, gelu: 2 },
} as const;

export const PACKING = { vector: 0, panels: 1, groups: 2, words: 3 } as const;
/** Of the packing "words"; all others are float32, 0. */
export const DTYPE_U32 = 1;

/** Name of tensor `index` of a blob that may be anything; undefined when it cannot be read. */
export function tensorNameIn(blob: Uint8Array, index: number): string | undefined {
  return nameIn(blob, HEADER.tensorOffset, HEADER.tensorCount, TENSOR_BYTES, TENSOR.name, index);
}

/** Name of op `index` of a blob that may be anything; undefined when it cannot be read. */
export function opNameIn(blob: Uint8Array, index: number): string | undefined {
  return nameIn(blob, HEADER.opOffset, HEADER.opCount, OP_BYTES, OP.name, index);
}

function nameIn(
  blob: Uint8Array,
  tableField: number,
  countField: number,
  recordBytes: number,
  nameField: number,
  index: number,
): string | undefined {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const word = (at: number) => (at + 4 <= view.byteLength ? view.getUint32(at, true) : undefined);
  const table = word(tableField);
  const count = word(countField);
  const strings = word(HEADER.stringOffset);
  if (table === undefined || count === undefined || strings === undefined) return undefined;
  const name = index < count ? word(table + index * recordBytes + nameField) : undefined;
  return name === undefined ? undefined : textAt(blob, strings + name);
}

const MAX_NAME_BYTES = 200;

function textAt(blob: Uint8Array, start: number): string | undefined {
  const bytes = blob.subarray(start, start + MAX_NAME_BYTES);
  const end = bytes.indexOf(0);
  const text = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  return text === "" ? undefined : text;
}
