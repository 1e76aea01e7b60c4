/**
 * Writes a network as an .mlm blob, the format of csrc/core/blob.h. The same network gives the same
 * bytes, on every machine. Validates what it is given; whether the core accepts the result is the
 * core's to say.
 */

import { BadArgument, BadInput, OutOfMemory, TooLarge } from "../core/errors.js";
import {
  BLOB_ALIGNMENT,
  BLOB_MAGIC,
  BLOB_VERSION,
  DTYPE_U32,
  HEADER,
  HEADER_BYTES,
  INPUT_KIND,
  NO_TENSOR,
  OP,
  OP_BYTES,
  PACKING,
  TENSOR,
  TENSOR_BYTES,
  TENSOR_REFS,
} from "../core/format.js";
import { checkInput, type InputArray } from "../core/input.js";
import { roundUp } from "../core/regions.js";
import { crc32 } from "../crc32.js";
import type { Network } from "../network.js";
import { type OpRecord, type Records, recordsOf } from "./ops.js";
import { StringTable } from "./strings.js";
import { assertFinite, type PackedTensor, pack, packedElements } from "./tensors.js";

/** One input and the logits that the core gave for it, to be compared bit for bit on a device. */
export interface SelfTest {
  /** float32 [frames, inputWidth], int32 [frames] or float32 [samples] */
  readonly input: InputArray;
  /** float32 [logits] */
  readonly logits: Float32Array;
}

export interface BlobOptions {
  readonly selfTest?: SelfTest;
  /** Recorded beside `convention`; must be expressible in JSON. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

const MAX_BLOB_BYTES = 2 ** 32 - BLOB_ALIGNMENT;
const FLOAT_BYTES = 4;

/** Offsets of the sections and of each tensor's data, in bytes from the start of the blob. */
interface Layout {
  readonly ops: number;
  readonly tensors: number;
  readonly labels: number;
  readonly strings: number;
  readonly selfTestInput: number;
  readonly selfTestLogits: number;
  readonly data: readonly number[];
  readonly bytes: number;
}

/** Everything of a blob but its bytes. */
interface Contents extends Records {
  readonly network: Network;
  readonly labels: readonly string[];
  readonly strings: StringTable;
  readonly metadata: number;
  readonly selfTest: SelfTest | undefined;
}

/**
 * The bytes of a blob.
 * @throws BadCheckpoint (a tensor's shape), NonFinite (NaN or infinity in a tensor), BadArgument
 * (the op list, labels or names), BadInput (the self-test), TooLarge (over 4 GiB), OutOfMemory
 */
export function writeBlob(network: Network, options: BlobOptions = {}): Uint8Array<ArrayBuffer> {
  const contents = contentsOf(network, options);
  const layout = layOut(contents);
  for (const source of contents.tensors.sources()) assertFinite(source);
  const blob = allocate(layout.bytes);
  const view = new DataView(blob.buffer);
  writeHeader(view, contents, layout);
  contents.ops.forEach((op, i) => {
    writeOp(view, layout.ops + i * OP_BYTES, op, contents.strings);
  });
  contents.tensors.list.forEach((tensor, i) => {
    writeTensor(view, layout.tensors + i * TENSOR_BYTES, tensor, layout.data[i]!, contents.strings);
    const elements = tensor.packing === "words" ? Uint32Array : Float32Array;
    pack(tensor, new elements(blob.buffer, layout.data[i]!, packedElements(tensor)));
  });
  contents.labels.forEach((label, i) => {
    view.setUint32(layout.labels + i * 4, contents.strings.add(label), true);
  });
  contents.strings.writeTo(blob.subarray(layout.strings));
  if (contents.selfTest !== undefined) writeSelfTest(blob, contents.selfTest, layout);
  view.setUint32(HEADER.crc32, crc32(blob), true);
  return blob;
}

function contentsOf(network: Network, options: BlobOptions): Contents {
  const records = recordsOf(network);
  const labels = network.labels ?? [];
  if (labels.length !== 0 && labels.length !== records.logits) {
    throw new BadArgument("labels", `none or one a logit (${records.logits})`, `${labels.length}`);
  }
  if (options.selfTest !== undefined) checkSelfTest(options.selfTest, network, records);
  const strings = new StringTable();
  for (const { name } of [...records.ops, ...records.tensors.list]) strings.add(name);
  for (const label of labels) strings.add(label);
  const metadata = strings.add(
    JSON.stringify({ convention: network.convention, ...options.metadata }),
  );
  return { ...records, network, labels, strings, metadata, selfTest: options.selfTest };
}

function checkSelfTest(selfTest: SelfTest, network: Network, records: Records): void {
  const { inputKind, inputWidth } = network;
  const shape = { inputKind, inputWidth, vocabulary: records.vocabulary };
  checkInput(selfTest.input, shape, { allowNonfinite: true });
  if (selfTest.logits.length !== records.logits) {
    throw new BadInput(`${records.logits} self-test logits`, `${selfTest.logits.length}`);
  }
}

function layOut(contents: Contents): Layout {
  let end = HEADER_BYTES;
  const section = (bytes: number) => {
    const start = end;
    end = roundUp(end + bytes, BLOB_ALIGNMENT);
    return start;
  };
  const { selfTest } = contents;
  const ops = section(contents.ops.length * OP_BYTES);
  const tensors = section(contents.tensors.list.length * TENSOR_BYTES);
  const labels = section(contents.labels.length * 4);
  const strings = section(contents.strings.byteLength);
  const selfTestInput = section((selfTest?.input.length ?? 0) * FLOAT_BYTES);
  const selfTestLogits = section((selfTest?.logits.length ?? 0) * FLOAT_BYTES);
  const data = contents.tensors.list.map((tensor) => section(packedElements(tensor) * FLOAT_BYTES));
  if (end > MAX_BLOB_BYTES) throw new TooLarge("the model blob", MAX_BLOB_BYTES, end);
  return { ops, tensors, labels, strings, selfTestInput, selfTestLogits, data, bytes: end };
}

function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new OutOfMemory(bytes, "the model blob", { cause });
  }
}

function writeHeader(view: DataView, contents: Contents, layout: Layout): void {
  const { network, selfTest } = contents;
  const fields: Record<keyof typeof HEADER, number> = {
    magic: BLOB_MAGIC,
    version: BLOB_VERSION,
    blobBytes: layout.bytes,
    crc32: 0,
    inputKind: INPUT_KIND[network.inputKind],
    inputWidth: network.inputWidth,
    logits: contents.logits,
    opCount: contents.ops.length,
    opOffset: layout.ops,
    tensorCount: contents.tensors.list.length,
    tensorOffset: layout.tensors,
    labelCount: contents.labels.length,
    labelOffset: layout.labels,
    stringBytes: contents.strings.byteLength,
    stringOffset: layout.strings,
    metadata: contents.metadata,
    selfTestFrames: (selfTest?.input.length ?? 0) / network.inputWidth,
    selfTestInput: selfTest === undefined ? 0 : layout.selfTestInput,
    selfTestLogits: selfTest === undefined ? 0 : layout.selfTestLogits,
  };
  for (const [field, value] of Object.entries(fields)) {
    view.setUint32(HEADER[field as keyof typeof HEADER], value, true);
  }
}

function writeOp(view: DataView, at: number, op: OpRecord, strings: StringTable): void {
  view.setUint16(at + OP.kind, op.kind, true);
  view.setUint16(at + OP.variant, op.variant, true);
  view.setUint32(at + OP.name, strings.add(op.name), true);
  op.inputs.forEach((value, i) => {
    view.setUint16(at + OP.inputs + i * 2, value, true);
  });
  view.setFloat32(at + OP.epsilon, op.epsilon, true);
  op.dims.forEach((size, i) => {
    view.setUint32(at + OP.dims + i * 4, size, true);
  });
  for (let i = 0; i < TENSOR_REFS; i++) {
    view.setUint16(at + OP.tensors + i * 2, op.tensors[i] ?? NO_TENSOR, true);
  }
}

function writeTensor(
  view: DataView,
  at: number,
  tensor: PackedTensor,
  offset: number,
  strings: StringTable,
): void {
  view.setUint32(at + TENSOR.name, strings.add(tensor.name), true);
  view.setUint16(at + TENSOR.dtype, tensor.packing === "words" ? DTYPE_U32 : 0, true);
  view.setUint16(at + TENSOR.packing, PACKING[tensor.packing], true);
  view.setUint32(at + TENSOR.rows, tensor.rows, true);
  view.setUint32(at + TENSOR.columns, tensor.columns, true);
  view.setUint32(at + TENSOR.offset, offset, true);
  view.setUint32(at + TENSOR.bytes, packedElements(tensor) * FLOAT_BYTES, true);
}

/** Bit for bit: copied as bytes, so that no NaN or -0 changes on the way. */
function writeSelfTest(blob: Uint8Array, { input, logits }: SelfTest, layout: Layout): void {
  blob.set(bytesOf(input), layout.selfTestInput);
  blob.set(bytesOf(logits), layout.selfTestLogits);
}

function bytesOf(array: InputArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
