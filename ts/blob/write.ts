/**
 * Writes a network as an .mlm blob, the format of csrc/core/blob.h. The same network gives the same
 * bytes, on every machine. Validates what it is given; whether the core accepts the result is the
 * core's to say.
 */

import { BadArgument, BadInput, OutOfMemory, TooLarge } from "../core/errors.js";
import {
  ATTRIBUTES,
  BLOB_ALIGNMENT,
  BLOB_MAGIC,
  BLOB_VERSION,
  DTYPE,
  HEADER,
  HEADER_BYTES,
  INPUT_KIND,
  MAX_INPUTS,
  NO_TENSOR,
  NO_VALUE,
  OP,
  OP_BYTES,
  OUTPUT,
  OUTPUT_BYTES,
  PACKING,
  TENSOR,
  TENSOR_BYTES,
  TENSOR_REFS,
} from "../core/format.js";
import { checkInput, type InputArray, to16Bits } from "../core/input.js";
import { roundUp } from "../core/regions.js";
import { crc32 } from "../crc32.js";
import type { Network } from "../graph/network.js";
import type { PackedTensor } from "../graph/packing.js";
import { assertFinite } from "../graph/tensor.js";
import { type Encoded, type EncodedOp, type EncodedOutput, encodeNetwork } from "./encode.js";
import { StringTable } from "./strings.js";
import { pack, packedBytes, TensorTable } from "./tensors.js";

/** One input and the outputs that the core gave for it, to be compared bit for bit on a device. */
export interface SelfTest {
  /** float32 [frames, inputWidth], int32 [frames] or float32 [samples] */
  readonly input: InputArray;
  /** Of each output, in the network's order: float32 [rows, width] */
  readonly outputs: readonly Float32Array[];
}

export interface BlobOptions {
  readonly selfTest?: SelfTest;
  /** Recorded beside `convention` and `assumptions`; must be expressible in JSON. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** What becomes of the ops before they are written, such as `quantizeW8`; default: nothing. */
  readonly transform?: (encoded: Encoded) => Encoded;
}

const MAX_BLOB_BYTES = 2 ** 32 - BLOB_ALIGNMENT;
const FLOAT_BYTES = 4;

/** Offsets of the sections and of each tensor's data, in bytes from the start of the blob. */
interface Layout {
  readonly ops: number;
  readonly tensors: number;
  readonly outputs: number;
  readonly labels: number;
  readonly strings: number;
  readonly selfTestInput: number;
  readonly selfTestOutputs: number;
  readonly data: readonly number[];
  readonly bytes: number;
}

/** Everything of a blob but its bytes. */
interface Contents extends Encoded {
  readonly network: Network;
  readonly tensors: TensorTable;
  /** Of each op, indices into the tensors. */
  readonly references: readonly (readonly number[])[];
  readonly labels: readonly string[];
  readonly strings: StringTable;
  readonly metadata: number;
  readonly selfTest: SelfTest | undefined;
}

/**
 * The bytes of a blob.
 * @throws BadCheckpoint (a tensor's shape), NonFinite (NaN or infinity in a tensor), BadArgument
 * (ops, outputs, lengths, labels or names), BadInput (the self-test), TooLarge (over 4 GiB), OutOfMemory
 */
export function writeBlob(network: Network, options: BlobOptions = {}): Uint8Array<ArrayBuffer> {
  const contents = contentsOf(network, options);
  const layout = layOut(contents);
  for (const source of contents.tensors.sources()) assertFinite(source);
  const blob = allocate(layout.bytes);
  const view = new DataView(blob.buffer);
  writeHeader(view, contents, layout);
  contents.ops.forEach((op, i) => {
    writeOp(view, layout.ops + i * OP_BYTES, op, contents.references[i] ?? [], contents.strings);
  });
  contents.tensors.list.forEach((tensor, i) => {
    writeTensor(view, layout.tensors + i * TENSOR_BYTES, tensor, layout.data[i]!, contents.strings);
    pack(tensor, blob.subarray(layout.data[i]!, layout.data[i]! + packedBytes(tensor)));
  });
  contents.outputs.forEach((output, i) => {
    writeOutput(view, layout.outputs + i * OUTPUT_BYTES, output, contents.strings);
  });
  contents.labels.forEach((label, i) => {
    view.setUint32(layout.labels + i * 4, contents.strings.add(label), true);
  });
  contents.strings.writeTo(blob.subarray(layout.strings));
  if (contents.selfTest !== undefined) writeSelfTest(blob, contents, contents.selfTest, layout);
  view.setUint32(HEADER.crc32, crc32(blob), true);
  return blob;
}

function contentsOf(network: Network, options: BlobOptions): Contents {
  const { transform = (encoded: Encoded) => encoded } = options;
  const encoded = transform(encodeNetwork(network));
  const tensors = new TensorTable();
  const references = encoded.ops.map((op) =>
    op.tensors.map((tensor) => (tensor === undefined ? NO_TENSOR : tensors.add(tensor))),
  );
  const labels = network.labels ?? [];
  checkLabels(labels, encoded.outputs[0]);
  if (options.selfTest !== undefined) checkSelfTest(options.selfTest, network, encoded);
  const strings = new StringTable();
  for (const { name } of [...encoded.ops, ...tensors.list, ...encoded.outputs]) strings.add(name);
  for (const label of labels) strings.add(label);
  const metadata = strings.add(JSON.stringify(metadataOf(network, options)));
  const { selfTest } = options;
  return { ...encoded, network, tensors, references, labels, strings, metadata, selfTest };
}

function metadataOf({ convention, assumptions, shapes }: Network, { metadata }: BlobOptions) {
  const isAssuming = assumptions !== undefined && assumptions.length > 0;
  return {
    convention,
    ...(isAssuming && { assumptions }),
    ...(shapes !== undefined && { shapes }),
    ...metadata,
  };
}

function checkLabels(labels: readonly string[], first: EncodedOutput | undefined): void {
  if (labels.length === 0 || labels.length === first?.width) return;
  throw new BadArgument("labels", `none or one a logit (${first?.width})`, `${labels.length}`);
}

function checkSelfTest(selfTest: SelfTest, network: Network, encoded: Encoded): void {
  const { inputKind, inputWidth } = network;
  const shape =
    inputKind === "tokens"
      ? { inputKind, inputWidth, vocabulary: encoded.vocabulary }
      : { inputKind, inputWidth };
  const inputs = checkInput(selfTest.input, shape, { allowNonfinite: true });
  const frames = framesOf(encoded, inputs);
  const { outputs } = encoded;
  if (selfTest.outputs.length !== outputs.length) {
    throw new BadInput(`${outputs.length} self-test outputs`, `${selfTest.outputs.length}`);
  }
  outputs.forEach(({ name, width, rows }, i) => {
    const [expected, got] = [rows(frames) * width, selfTest.outputs[i]?.length];
    if (got !== expected) throw new BadInput(`${expected} self-test elements of ${name}`, `${got}`);
  });
}

/** Frames that a number of inputs makes: themselves, or of samples the full windows. */
function framesOf({ windowInputs, hopInputs }: Encoded, inputs: number): number {
  return inputs < windowInputs ? 0 : Math.floor((inputs - windowInputs) / hopInputs) + 1;
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
  const outputs = section(contents.outputs.length * OUTPUT_BYTES);
  const labels = section(contents.labels.length * 4);
  const strings = section(contents.strings.byteLength);
  const inputBytes = contents.takes16Bits === true ? Int16Array.BYTES_PER_ELEMENT : FLOAT_BYTES;
  const selfTestInput = section((selfTest?.input.length ?? 0) * inputBytes);
  const elements = selfTest?.outputs.reduce((sum, { length }) => sum + length, 0) ?? 0;
  const selfTestOutputs = section(elements * FLOAT_BYTES);
  const data = contents.tensors.list.map((tensor) => section(packedBytes(tensor)));
  if (end > MAX_BLOB_BYTES) throw new TooLarge("the model blob", MAX_BLOB_BYTES, end);
  return {
    ops,
    tensors,
    outputs,
    labels,
    strings,
    selfTestInput,
    selfTestOutputs,
    data,
    bytes: end,
  };
}

function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new OutOfMemory(bytes, "the model blob", { cause });
  }
}

function writeHeader(view: DataView, contents: Contents, layout: Layout): void {
  const { network, selfTest, lengths } = contents;
  const fields: Record<keyof typeof HEADER, number> = {
    magic: BLOB_MAGIC,
    version: BLOB_VERSION,
    blobBytes: layout.bytes,
    crc32: 0,
    inputKind: contents.takes16Bits === true ? INPUT_KIND.samples16 : INPUT_KIND[network.inputKind],
    inputWidth: network.inputWidth,
    minFrames: lengths.minFrames,
    maxFrames: lengths.maxFrames,
    opCount: contents.ops.length,
    opOffset: layout.ops,
    tensorCount: contents.tensors.list.length,
    tensorOffset: layout.tensors,
    outputCount: contents.outputs.length,
    outputOffset: layout.outputs,
    labelCount: contents.labels.length,
    labelOffset: layout.labels,
    stringBytes: contents.strings.byteLength,
    stringOffset: layout.strings,
    metadata: contents.metadata,
    selfTestInputs: (selfTest?.input.length ?? 0) / network.inputWidth,
    selfTestInput: selfTest === undefined ? 0 : layout.selfTestInput,
    selfTestOutputs: selfTest === undefined ? 0 : layout.selfTestOutputs,
  };
  for (const [field, value] of Object.entries(fields)) {
    view.setUint32(HEADER[field as keyof typeof HEADER], value, true);
  }
}

function writeOp(
  view: DataView,
  at: number,
  op: EncodedOp,
  references: readonly number[],
  strings: StringTable,
): void {
  const halves = (offset: number, count: number, values: readonly number[], none: number) => {
    for (let i = 0; i < count; i++) view.setUint16(at + offset + 2 * i, values[i] ?? none, true);
  };
  view.setUint16(at + OP.kind, op.primitive.number, true);
  view.setUint8(at + OP.variant, op.variant);
  view.setUint8(at + OP.type, DTYPE[op.type ?? "f32"]);
  view.setUint32(at + OP.name, strings.add(op.name), true);
  halves(OP.inputs, MAX_INPUTS, op.inputs, NO_VALUE);
  view.setUint16(at + OP.stage, op.stage, true);
  view.setUint16(at + OP.clock, op.clock, true);
  view.setUint32(at + OP.width, op.width, true);
  for (let i = 0; i < ATTRIBUTES; i++) {
    view.setUint32(at + OP.attributes + 4 * i, op.attributes[i] ?? 0, true);
  }
  halves(OP.tensors, TENSOR_REFS, references, NO_TENSOR);
  view.setInt32(at + OP.exponent, op.exponent ?? 0, true);
}

function writeTensor(
  view: DataView,
  at: number,
  tensor: PackedTensor,
  offset: number,
  strings: StringTable,
): void {
  view.setUint32(at + TENSOR.name, strings.add(tensor.name), true);
  view.setUint16(at + TENSOR.dtype, DTYPE[tensor.dtype], true);
  view.setUint16(at + TENSOR.packing, PACKING[tensor.packing], true);
  view.setUint32(at + TENSOR.rows, tensor.rows, true);
  view.setUint32(at + TENSOR.columns, tensor.columns, true);
  view.setUint32(at + TENSOR.offset, offset, true);
  view.setUint32(at + TENSOR.bytes, packedBytes(tensor), true);
}

function writeOutput(
  view: DataView,
  at: number,
  { name, value }: EncodedOutput,
  strings: StringTable,
): void {
  view.setUint32(at + OUTPUT.name, strings.add(name), true);
  view.setUint32(at + OUTPUT.value, value, true);
}

/** Bit for bit: copied as bytes, so that no NaN or -0 changes on the way. */
function writeSelfTest(
  blob: Uint8Array,
  { takes16Bits }: Contents,
  { input, outputs }: SelfTest,
  layout: Layout,
): void {
  blob.set(bytesOf(takes16Bits === true ? samples16(input) : input), layout.selfTestInput);
  let at = layout.selfTestOutputs;
  for (const output of outputs) {
    blob.set(bytesOf(output), at);
    at += output.byteLength;
  }
}

function samples16(input: InputArray): Int16Array {
  const samples = new Int16Array(input.length);
  to16Bits(input, samples);
  return samples;
}

function bytesOf(array: InputArray | Int16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
