/**
 * Reads and writes `.safetensors`: an 8-byte little-endian header length, a JSON header, then the
 * tensors' bytes with neither gaps nor overlaps. Knows nothing of what the tensors mean.
 */
import { BadArgument, BadFile } from "../core/errors.js";
import type { Tensor } from "../graph/network.js";
import { looksLike } from "../looks-like.js";
import { describe, quoted } from "../plain-text.js";
import {
  ELEMENT_BYTES,
  type ElementType,
  elementCount,
  elementReader,
  formatShape,
  isFloatType,
  readFloat32,
} from "./elements.js";
import { type JsonObject, type JsonValue, parseJson } from "./json.js";
import type { OtherTensor, StateDict } from "./state-dict.js";

/**
 * Reads a file. F32, F16, BF16 and F64 become float32 (rounded once, to nearest even); integer and
 * boolean tensors are listed in `others`.
 *
 * @throws BadFile when the header or any tensor's range, shape or element type is not right.
 */
export function readSafetensors(bytes: Uint8Array): StateDict {
  const { header, payload } = splitFile(bytes);
  const metadata = readMetadata(header);
  const entries = readEntries(header);
  checkCoverage(entries, payload.length);
  const tensors = new Map<string, Tensor>();
  const others = new Map<string, OtherTensor>();
  for (const { name, type, shape, begin, end } of entries) {
    if (isFloatType(type)) {
      const data = readFloat32(payload.subarray(begin, end), type, true);
      tensors.set(name, { name, shape, data });
    } else {
      const integers = name === TOKENS ? readTokens(payload.subarray(begin, end), type) : undefined;
      others.set(name, { name, type, shape, ...(integers && { integers }) });
    }
  }
  return { format: "safetensors", tensors, others, metadata };
}

/**
 * A file of float32 tensors, in the given order, 8-byte aligned: the same tensors always give the
 * same bytes.
 *
 * @throws BadArgument for a repeated or reserved name, or data that does not fill its shape.
 */
export function writeSafetensors(
  tensors: Iterable<Tensor>,
  metadata?: Iterable<readonly [string, string]>,
): Uint8Array {
  const list = [...tensors];
  const header = encodeHeader(list, metadata);
  const dataBytes = list.reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
  const bytes = new Uint8Array(header.length + dataBytes);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  let at = header.length;
  for (const { data } of list) {
    for (const value of data) {
      view.setFloat32(at, value, true);
      at += ELEMENT_BYTES.float32;
    }
  }
  return bytes;
}

/** Inputs of a network that takes tokens (exported.ts). */
const TOKENS = "mambalite.reference.input";

function readTokens(bytes: Uint8Array, type: ElementType): Int32Array {
  const read = elementReader(bytes, type, true);
  const step = ELEMENT_BYTES[type];
  return Int32Array.from({ length: bytes.length / step }, (_, i) => read(i * step));
}

const LENGTH_BYTES = 8;
/** The limit of the format's reference implementation: a longer one is no header at all. */
const PLAUSIBLE_HEADER_BYTES = 100_000_000;
/** Room for 80,000 tensors, and a bound on time and memory, which are 30 times as many bytes. */
const MAX_HEADER_BYTES = 8 << 20;
/** PyTorch's own limit. */
const MAX_DIMENSIONS = 64;
const METADATA_KEY = "__metadata__";

/** Element types that are listed; packed types of less than a byte are refused. */
const DTYPES: ReadonlyMap<string, ElementType> = new Map([
  ["F64", "float64"],
  ["F32", "float32"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["I64", "int64"],
  ["I32", "int32"],
  ["I16", "int16"],
  ["I8", "int8"],
  ["U64", "uint64"],
  ["U32", "uint32"],
  ["U16", "uint16"],
  ["U8", "uint8"],
  ["BOOL", "bool"],
]);

interface Entry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Byte range within the payload. */
  readonly begin: number;
  readonly end: number;
}

function bad(reason: string): BadFile {
  return new BadFile("safetensors", reason);
}

/** Whether the bytes begin like a safetensors file: a plausible length, then a JSON object. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[LENGTH_BYTES] === "{".charCodeAt(0) && headerBytes(bytes) <= PLAUSIBLE_HEADER_BYTES;
}

/** The declared header length; needs 8 bytes. Values beyond 2^53 are inexact, and too large. */
function headerBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Number(view.getBigUint64(0, true));
}

function splitFile(bytes: Uint8Array): { header: JsonObject; payload: Uint8Array } {
  if (bytes.length < LENGTH_BYTES) {
    throw bad(`${bytes.length} bytes is shorter than the header's length; ${looksLike(bytes)}`);
  }
  const length = headerBytes(bytes);
  const available = bytes.length - LENGTH_BYTES;
  if (length > available) {
    throw bad(
      `the header should have ${length} bytes, but ${available} follow; ${looksLike(bytes)}`,
    );
  }
  if (length > MAX_HEADER_BYTES) {
    throw bad(`its header has ${length} bytes, more than the ${MAX_HEADER_BYTES} that are read`);
  }
  const end = LENGTH_BYTES + length;
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, end));
  return { header, payload: bytes.subarray(end) };
}

function parseHeader(bytes: Uint8Array): JsonObject {
  if (bytes[0] !== "{".charCodeAt(0)) throw bad("the header does not begin with '{'");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw bad("the header is not UTF-8 text");
  }
  return requireObject(
    parseJson(text, (reason) => bad(`header: ${reason}`)),
    "the header",
  );
}

function readMetadata(header: JsonObject): Map<string, string> {
  const metadata = new Map<string, string>();
  const value = header.get(METADATA_KEY);
  if (value === undefined) return metadata;
  for (const [key, text] of requireObject(value, METADATA_KEY)) {
    if (typeof text !== "string") throw bad(`${METADATA_KEY}: ${key} is not a string`);
    metadata.set(key, text);
  }
  return metadata;
}

function readEntries(header: JsonObject): Entry[] {
  const entries: Entry[] = [];
  for (const [name, value] of header) {
    if (name !== METADATA_KEY) entries.push(readEntry(name, value));
  }
  return entries;
}

function readEntry(name: string, value: JsonValue): Entry {
  const fields = requireObject(value, name);
  for (const key of fields.keys()) {
    if (key !== "dtype" && key !== "shape" && key !== "data_offsets") {
      throw bad(`${name}: unknown field ${quoted(key)}`);
    }
  }
  const dtype = fields.get("dtype");
  const type = typeof dtype === "string" ? DTYPES.get(dtype) : undefined;
  if (type === undefined) throw bad(`${name}: element type ${describe(dtype)} is not supported`);
  const shape = requireSizes(fields.get("shape"), `${name}: shape`);
  const offsets = requireSizes(fields.get("data_offsets"), `${name}: data_offsets`);
  const [begin, end] = offsets;
  if (offsets.length !== 2 || begin === undefined || end === undefined || begin > end) {
    throw bad(`${name}: data_offsets ${formatShape(offsets)} is not a range`);
  }
  const needed = elementCount(shape) * ELEMENT_BYTES[type];
  if (end - begin !== needed) {
    throw bad(`${name}: ${dtype} ${formatShape(shape)} needs ${needed} bytes, has ${end - begin}`);
  }
  return { name, type, shape, begin, end };
}

/** Every byte of the payload belongs to exactly one tensor. */
function checkCoverage(entries: readonly Entry[], payloadBytes: number): void {
  // First: behind one that ends too late, the bytes that it should have would be nobody's.
  for (const { name, end } of entries) {
    if (end > payloadBytes) throw bad(`${name}: its data ends at byte ${end} of ${payloadBytes}`);
  }
  const byOffset = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of byOffset) {
    if (begin < covered) throw bad(`${name}: its data overlaps another tensor's`);
    if (begin > covered) throw bad(`bytes ${covered} to ${begin} belong to no tensor`);
    covered = end;
  }
  if (covered !== payloadBytes) {
    throw bad(`${payloadBytes - covered} bytes after the last tensor belong to none`);
  }
}

function requireObject(value: JsonValue, what: string): JsonObject {
  if (!(value instanceof Map)) throw bad(`${what} is not a JSON object`);
  return value;
}

function requireSizes(value: JsonValue | undefined, what: string): number[] {
  const isSize = (x: JsonValue): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
  if (!Array.isArray(value) || !value.every(isSize)) {
    throw bad(`${what} is not a list of non-negative integers`);
  }
  if (value.length > MAX_DIMENSIONS) throw bad(`${what} has ${value.length} dimensions`);
  return value;
}

function encodeHeader(
  tensors: readonly Tensor[],
  metadata: Iterable<readonly [string, string]> | undefined,
): Uint8Array {
  const fields: string[] = [];
  if (metadata !== undefined) {
    fields.push(jsonField(METADATA_KEY, Object.fromEntries(metadata)));
  }
  const names = new Set([METADATA_KEY]);
  let begin = 0;
  for (const { name, shape, data } of tensors) {
    if (names.has(name)) throw new BadArgument("tensor name", "a new name", name);
    if (elementCount(shape) !== data.length) {
      throw new BadArgument(name, `${formatShape(shape)} elements`, `${data.length} elements`);
    }
    names.add(name);
    const end = begin + data.byteLength;
    fields.push(jsonField(name, { dtype: "F32", shape, data_offsets: [begin, end] }));
    begin = end;
  }
  const json = new TextEncoder().encode(`{${fields.join(",")}}`);
  const padded = Math.ceil(json.length / LENGTH_BYTES) * LENGTH_BYTES;
  const header = new Uint8Array(LENGTH_BYTES + padded).fill(" ".charCodeAt(0));
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, LENGTH_BYTES);
  return header;
}

function jsonField(key: string, value: unknown): string {
  return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
}
