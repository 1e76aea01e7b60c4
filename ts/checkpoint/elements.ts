/**
 * Element types of stored arrays and how one element's bytes become a number. Knows nothing of
 * files, names or layouts beyond a flat run of elements.
 */

/** Bytes of one element, by type. */
export const ELEMENT_BYTES = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
} as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

const FLOAT_TYPES: ReadonlySet<ElementType> = new Set([
  "float16",
  "bfloat16",
  "float32",
  "float64",
] as const);

export function isFloatType(type: ElementType): boolean {
  return FLOAT_TYPES.has(type);
}

/** Reads the element that starts at a byte offset; past the end it throws RangeError. */
export type ElementReader = (byteOffset: number) => number;

/**
 * A reader of elements of `type` in `bytes`. Values keep their full precision, except that 64-bit
 * integers beyond 2^53 are rounded to the nearest double.
 */
export function elementReader(
  bytes: Uint8Array,
  type: ElementType,
  littleEndian: boolean,
): ElementReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case "float16":
      return (at) => float16ToNumber(view.getUint16(at, littleEndian));
    case "bfloat16":
      return bfloat16Reader(view, littleEndian);
    case "float32":
      return (at) => view.getFloat32(at, littleEndian);
    case "float64":
      return (at) => view.getFloat64(at, littleEndian);
    case "int8":
      return (at) => view.getInt8(at);
    case "int16":
      return (at) => view.getInt16(at, littleEndian);
    case "int32":
      return (at) => view.getInt32(at, littleEndian);
    case "int64":
      return (at) => Number(view.getBigInt64(at, littleEndian));
    case "uint8":
    case "bool":
      return (at) => view.getUint8(at);
    case "uint16":
      return (at) => view.getUint16(at, littleEndian);
    case "uint32":
      return (at) => view.getUint32(at, littleEndian);
    case "uint64":
      return (at) => Number(view.getBigUint64(at, littleEndian));
  }
}

const IS_LITTLE_ENDIAN_HERE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * All elements of `bytes` as float32, rounded once, to nearest even. `bytes.length` must be a
 * multiple of the element size.
 */
export function readFloat32(
  bytes: Uint8Array,
  type: ElementType,
  littleEndian: boolean,
): Float32Array {
  const step = ELEMENT_BYTES[type];
  const out = new Float32Array(bytes.length / step);
  if (type === "float32" && littleEndian === IS_LITTLE_ENDIAN_HERE) {
    new Uint8Array(out.buffer).set(bytes);
    return out;
  }
  const read = elementReader(bytes, type, littleEndian);
  for (let i = 0; i < out.length; i++) out[i] = read(i * step);
  return out;
}

/**
 * Number of elements of a shape. Beyond 2^53 it is inexact, but still larger than any file, so
 * comparing it with a byte count remains a valid check.
 */
export function elementCount(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, dim) => product * dim, 1);
}

/** More dimensions than any tensor of a network has: of more only the first are written out. */
const MAX_SHOWN_DIMENSIONS = 8;

export function formatShape(shape: readonly (number | string)[]): string {
  const shown = shape.slice(0, MAX_SHOWN_DIMENSIONS).join(", ");
  return shape.length > MAX_SHOWN_DIMENSIONS
    ? `[${shown}, ...] of ${shape.length} dimensions`
    : `[${shown}]`;
}

const HALF_EXPONENT_BITS = 0x1f;
const HALF_MANTISSA_BITS = 0x3ff;
const HALF_MANTISSA_WIDTH = 10;
const HALF_EXPONENT_BIAS = 15;

/** IEEE-754 binary16 to a number, exactly. */
function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> HALF_MANTISSA_WIDTH) & HALF_EXPONENT_BITS;
  const mantissa = bits & HALF_MANTISSA_BITS;
  const fraction = mantissa / 2 ** HALF_MANTISSA_WIDTH;
  if (exponent === 0) return sign * fraction * 2 ** (1 - HALF_EXPONENT_BIAS);
  if (exponent === HALF_EXPONENT_BITS) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction) * 2 ** (exponent - HALF_EXPONENT_BIAS);
}

/** bfloat16 is the upper half of a float32. */
function bfloat16Reader(view: DataView, littleEndian: boolean): ElementReader {
  const word = new DataView(new ArrayBuffer(ELEMENT_BYTES.float32));
  return (at) => {
    word.setUint16(0, view.getUint16(at, littleEndian));
    return word.getFloat32(0);
  };
}
