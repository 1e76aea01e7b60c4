/**
 * Where things are in an .mlm blob: the numbers of csrc/core/blob.h and csrc/kernels/records.h, for the one who
 * writes blobs and for naming the tensor or op of a blob that the core refused. Validates nothing.
 */

export const BLOB_MAGIC = 0x1a4d4c4d;
export const BLOB_VERSION = 2;
export const BLOB_ALIGNMENT = 16;
export const HEADER_BYTES = 96;
export const OP_BYTES = 80;
export const TENSOR_BYTES = 32;
export const OUTPUT_BYTES = 16;
/** "No tensor" in an op's references. */
export const NO_TENSOR = 0xffff;
/** "No value" in an op's inputs. */
export const NO_VALUE = 0xffff;
/** The clock of a vector. */
export const NO_CLOCK = 0xffff;
export const TENSOR_REFS = 8;
export const ATTRIBUTES = 8;
export const MAX_INPUTS = 4;

/** Byte offsets in the header; every field is a 32-bit word. */
export const HEADER = {
  magic: 0,
  version: 4,
  blobBytes: 8,
  crc32: 12,
  inputKind: 16,
  inputWidth: 20,
  minFrames: 24,
  maxFrames: 28,
  opCount: 32,
  opOffset: 36,
  tensorCount: 40,
  tensorOffset: 44,
  outputCount: 48,
  outputOffset: 52,
  labelCount: 56,
  labelOffset: 60,
  stringBytes: 64,
  stringOffset: 68,
  metadata: 72,
  selfTestInputs: 76,
  selfTestInput: 80,
  selfTestOutputs: 84,
} as const;

/** Byte offsets in an op record: `variant` and `type` are bytes, `kind`, `inputs`, `stage`, `clock` and
 * `tensors` 16-bit, the others 32-bit. */
export const OP = {
  kind: 0,
  variant: 2,
  type: 3,
  name: 4,
  inputs: 8,
  stage: 16,
  clock: 18,
  width: 20,
  attributes: 24,
  tensors: 56,
  exponent: 72,
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

/** Byte offsets in an output record. */
export const OUTPUT = { name: 0, value: 4 } as const;

/** mlm_input_kind */
export const INPUT_KIND = { frames: 0, tokens: 1, samples: 2, samples16: 3 } as const;

export const PACKING = { vector: 0, panels: 1, groups: 2, quads: 3, rows: 4 } as const;
export const DTYPE = { f32: 0, i8: 1, i16: 2, i32: 3, u32: 4 } as const;

/** Of each output the value that it is: the output of op n - 1. Of a blob that the core has validated. */
export function outputValuesIn(blob: Uint8Array): number[] {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const table = view.getUint32(HEADER.outputOffset, true);
  return Array.from({ length: view.getUint32(HEADER.outputCount, true) }, (_, i) =>
    view.getUint32(table + i * OUTPUT_BYTES + OUTPUT.value, true),
  );
}

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
