/**
 * Reads and writes NumPy's `.npy` arrays (formats 1.0, 2.0 and 3.0, numpy.lib.format). Knows
 * nothing of what an array is used for.
 */
import { BadArgument, BadFile } from "../core/errors.js";
import { hasText, looksLike } from "../looks-like.js";
import { quoted, shorten } from "../plain-text.js";
import {
  ELEMENT_BYTES,
  type ElementReader,
  type ElementType,
  elementCount,
  elementReader,
  formatShape,
  isFloatType,
  readFloat32,
} from "./elements.js";

/** An array in row-major order, whatever the order in the file. */
export interface NpyArray<Data extends Float32Array | Int32Array | Float64Array> {
  /** Element type in the file, before any conversion. */
  readonly dtype: ElementType;
  /** Empty for a scalar. */
  readonly shape: readonly number[];
  readonly data: Data;
}

/**
 * Reads an array: float16/32/64 become float32 (rounded once, to nearest even), integers of up to
 * 64 bits become int32. Big-endian and Fortran-ordered files are read correctly.
 *
 * @throws BadFile when the bytes are not exactly one such array, its elements are of another type
 * (named), or an integer does not fit int32.
 */
export function readNpy(bytes: Uint8Array): NpyArray<Float32Array> | NpyArray<Int32Array> {
  const file = parseNpy(bytes);
  const { dtype, shape, littleEndian, fortranOrder, payload } = file;
  const count = elementCount(shape);
  if (isFloatType(dtype)) {
    const data = fortranOrder
      ? fillRowMajor(new Float32Array(count), file, (x) => x)
      : readFloat32(payload, dtype, littleEndian);
    return { dtype, shape, data };
  }
  return { dtype, shape, data: fillRowMajor(new Int32Array(count), file, requireInt32) };
}

/**
 * The same with every value as float64, exactly: for references of higher precision.
 *
 * @throws BadFile as `readNpy`, and when an integer is beyond 2^53.
 */
export function readNpyFloat64(bytes: Uint8Array): NpyArray<Float64Array> {
  const file = parseNpy(bytes);
  const { dtype, shape } = file;
  const check = isFloatType(dtype) ? (x: number) => x : requireSafeInteger;
  return { dtype, shape, data: fillRowMajor(new Float64Array(elementCount(shape)), file, check) };
}

/**
 * A `.npy` file (format 1.0, little-endian, row-major) of `data` as an array of `shape`.
 *
 * @throws BadArgument when the shape does not have as many elements as `data`.
 */
export function writeNpy(
  data: Float32Array | Int32Array | Float64Array,
  shape: readonly number[],
): Uint8Array {
  if (elementCount(shape) !== data.length) {
    throw new BadArgument("shape", `${data.length} elements`, formatShape(shape));
  }
  const header = encodeHeader(descrOf(data), shape);
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  const view = new DataView(bytes.buffer, header.length);
  const step = data.BYTES_PER_ELEMENT;
  data.forEach((value, i) => {
    if (data instanceof Float32Array) view.setFloat32(i * step, value, true);
    else if (data instanceof Float64Array) view.setFloat64(i * step, value, true);
    else view.setInt32(i * step, value, true);
  });
  return bytes;
}

const MAGIC = "\x93NUMPY";
const VERSION_OFFSET = 6;
const LENGTH_OFFSET = 8;
/** NumPy's own headers of plain arrays are far shorter. */
const MAX_HEADER_BYTES = 65_536;
/** NumPy's own limit, and a bound on the work of walking indices. */
const MAX_DIMENSIONS = 32;
/** Within them a header ends. */
export const NPY_HEAD_BYTES = MAX_HEADER_BYTES + 12;
const HEADER_ALIGNMENT = 64;
const MAX_SHOWN_DIGITS = 40;

export const DTYPES: ReadonlyMap<string, ElementType> = new Map([
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
  ["i1", "int8"],
  ["i2", "int16"],
  ["i4", "int32"],
  ["i8", "int64"],
  ["u1", "uint8"],
  ["u2", "uint16"],
  ["u4", "uint32"],
  ["u8", "uint64"],
]);

interface NpyFile {
  readonly dtype: ElementType;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Exactly the bytes of the elements. */
  readonly payload: Uint8Array;
}

function bad(reason: string): BadFile {
  return new BadFile("npy", reason);
}

function parseNpy(bytes: Uint8Array): NpyFile {
  const { end, ...header } = readHeader(bytes);
  const payload = bytes.subarray(end);
  const needed = elementCount(header.shape) * ELEMENT_BYTES[header.dtype];
  if (payload.length !== needed) {
    throw bad(
      `${header.dtype} ${formatShape(header.shape)} needs ${needed} bytes of data, ` +
        `the file has ${payload.length}`,
    );
  }
  return { ...header, payload };
}

/** What goes before the elements, which begin at `end`. @throws BadFile */
export function readHeader(bytes: Uint8Array): Omit<NpyFile, "payload"> & { end: number } {
  if (!hasText(bytes, 0, MAGIC)) throw bad(looksLike(bytes));
  const { start, end } = headerRange(bytes);
  return { ...parseHeader(decodeHeaderText(bytes.subarray(start, end))), end };
}

function headerRange(bytes: Uint8Array): { start: number; end: number } {
  const major = bytes[VERSION_OFFSET];
  const minor = bytes[VERSION_OFFSET + 1];
  if (major === undefined || minor === undefined) throw bad("truncated in the header");
  if (major < 1 || major > 3 || minor !== 0) throw bad(`unknown format version ${major}.${minor}`);
  const lengthBytes = major === 1 ? 2 : 4;
  const start = LENGTH_OFFSET + lengthBytes;
  if (bytes.length < start) throw bad("truncated in the header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length =
    major === 1 ? view.getUint16(LENGTH_OFFSET, true) : view.getUint32(LENGTH_OFFSET, true);
  if (length > MAX_HEADER_BYTES) {
    throw bad(`header of ${length} bytes, more than ${MAX_HEADER_BYTES}`);
  }
  if (length > bytes.length - start) {
    throw bad(`header of ${length} bytes, but only ${bytes.length - start} bytes follow`);
  }
  return { start, end: start + length };
}

function decodeHeaderText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw bad("the header is not UTF-8 text");
  }
}

function parseHeader(text: string): Omit<NpyFile, "payload"> {
  const { descr, fortranOrder, shape } = new HeaderParser(text).parse();
  const order = descr.charAt(0);
  const dtype = DTYPES.get(descr.slice(1));
  if (dtype === undefined) throw bad(`element type ${quoted(descr)} is not supported`);
  const hasByteOrder = order === "<" || order === ">";
  if (!hasByteOrder && !(order === "|" && ELEMENT_BYTES[dtype] === 1)) {
    throw bad(`element type ${quoted(descr)} has no byte order`);
  }
  return { dtype, littleEndian: order !== ">", fortranOrder, shape };
}

/** Parses the one Python literal a header may be: a dict of `descr`, `fortran_order`, `shape`. */
class HeaderParser {
  private at = 0;
  private descr: string | undefined;
  private fortranOrder: boolean | undefined;
  private shape: number[] | undefined;

  constructor(private readonly text: string) {}

  parse(): { descr: string; fortranOrder: boolean; shape: number[] } {
    this.expect("{");
    while (!this.accept("}")) {
      this.parseEntry();
      if (!this.accept(",")) {
        this.expect("}");
        break;
      }
    }
    this.skipSpace();
    if (this.at !== this.text.length) throw this.unexpected("the end of the header");
    const { descr, fortranOrder, shape } = this;
    if (descr === undefined) throw bad("the header has no 'descr'");
    if (fortranOrder === undefined) throw bad("the header has no 'fortran_order'");
    if (shape === undefined) throw bad("the header has no 'shape'");
    return { descr, fortranOrder, shape };
  }

  private parseEntry(): void {
    const key = this.parseString();
    this.expect(":");
    if (key === "descr" && this.descr === undefined) {
      this.descr = this.parseDescr();
    } else if (key === "fortran_order" && this.fortranOrder === undefined) {
      this.fortranOrder = this.parseBoolean();
    } else if (key === "shape" && this.shape === undefined) {
      this.shape = this.parseShape();
    } else {
      throw bad(`unknown or repeated header key ${quoted(key)}`);
    }
  }

  private parseDescr(): string {
    this.skipSpace();
    if (this.text[this.at] === "[") throw bad("structured element types are not supported");
    return this.parseString();
  }

  private parseString(): string {
    const match = this.match(/(['"])([^'"\\\n]*)\1/y);
    if (match === undefined) throw this.unexpected("a string");
    return match[2] ?? "";
  }

  private parseBoolean(): boolean {
    const match = this.match(/True|False/y);
    if (match === undefined) throw this.unexpected("True or False");
    return match[0] === "True";
  }

  private parseShape(): number[] {
    const shape: number[] = [];
    this.expect("(");
    while (!this.accept(")")) {
      shape.push(this.parseDimension());
      if (shape.length > MAX_DIMENSIONS) throw bad(`more than ${MAX_DIMENSIONS} dimensions`);
      if (this.accept(",")) continue;
      if (shape.length === 1) throw this.unexpected("',' in a tuple of one");
      this.expect(")");
      break;
    }
    return shape;
  }

  private parseDimension(): number {
    // NumPy on Python 2 wrote its integers with a trailing L.
    const match = this.match(/(0|[1-9][0-9]*)L?/y);
    if (match === undefined) throw this.unexpected("a dimension");
    const value = Number(match[1]);
    if (!Number.isSafeInteger(value))
      throw bad(`dimension ${shorten(match[1] ?? "", MAX_SHOWN_DIGITS)} is too large`);
    return value;
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    this.skipSpace();
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.at += match[0].length;
    return match;
  }

  private accept(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private expect(character: string): void {
    if (!this.accept(character)) throw this.unexpected(`'${character}'`);
  }

  private skipSpace(): void {
    while (this.text[this.at] === " " || this.text[this.at] === "\n") this.at++;
  }

  private unexpected(expected: string): BadFile {
    const found = this.text[this.at];
    const got = found === undefined ? "its end" : JSON.stringify(found);
    return bad(`header, character ${this.at}: expected ${expected}, got ${got}`);
  }
}

type Check = (value: number, index: number) => number;

/** Copies the payload's elements into `out` in row-major order, passing each through `check`. */
function fillRowMajor<Data extends Float32Array | Int32Array | Float64Array>(
  out: Data,
  file: NpyFile,
  check: Check,
): Data {
  const read = elementReader(file.payload, file.dtype, file.littleEndian);
  if (file.fortranOrder) fillFromFortran(out, file, read, check);
  else {
    const step = ELEMENT_BYTES[file.dtype];
    for (let i = 0; i < out.length; i++) out[i] = check(read(i * step), i);
  }
  return out;
}

/** In Fortran order the first index runs fastest. */
function fillFromFortran(
  out: Float32Array | Int32Array | Float64Array,
  { shape, dtype }: NpyFile,
  read: ElementReader,
  check: Check,
): void {
  const step = ELEMENT_BYTES[dtype];
  const strides = rowMajorStrides(shape);
  const index = shape.map(() => 0);
  let target = 0;
  for (let source = 0; source < out.length; source++) {
    out[target] = check(read(source * step), target);
    for (let dim = 0; dim < shape.length; dim++) {
      const stride = strides[dim] as number;
      const next = (index[dim] as number) + 1;
      if (next < (shape[dim] as number)) {
        index[dim] = next;
        target += stride;
        break;
      }
      index[dim] = 0;
      target -= stride * (next - 1);
    }
  }
}

function rowMajorStrides(shape: readonly number[]): number[] {
  const strides: number[] = new Array(shape.length);
  let stride = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    strides[dim] = stride;
    stride *= shape[dim] as number;
  }
  return strides;
}

function requireInt32(value: number, index: number): number {
  if ((value | 0) !== value) throw bad(`element ${index} is ${value}, which does not fit int32`);
  return value;
}

function requireSafeInteger(value: number, index: number): number {
  if (!Number.isSafeInteger(value)) {
    throw bad(`element ${index} is near ${value}, which float64 cannot hold exactly`);
  }
  return value;
}

function descrOf(data: Float32Array | Int32Array | Float64Array): string {
  if (data instanceof Float32Array) return "<f4";
  return data instanceof Float64Array ? "<f8" : "<i4";
}

export function encodeHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const prefixBytes = LENGTH_OFFSET + 2;
  const unpadded = prefixBytes + dict.length + 1;
  const total = Math.ceil(unpadded / HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
  const text = `${dict.padEnd(dict.length + total - unpadded)}\n`;
  const header = new Uint8Array(total);
  for (let i = 0; i < MAGIC.length; i++) header[i] = MAGIC.charCodeAt(i);
  header[VERSION_OFFSET] = 1;
  new DataView(header.buffer).setUint16(LENGTH_OFFSET, text.length, true);
  header.set(new TextEncoder().encode(text), prefixBytes);
  return header;
}
