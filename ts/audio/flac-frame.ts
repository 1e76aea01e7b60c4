/** One frame of a FLAC stream of one channel (RFC 9639, section 9): a block of samples. */
import { BadFile } from "../core/errors.js";
import type { BitReader } from "./bit-reader.js";

const SYNC = 0x3ffe;
const LONGEST_NUMBER = 7;

/** Section 9.2.1. */
const CONSTANT = 0;
const VERBATIM = 1;
const FIXED = 8;
const MAX_FIXED_ORDER = 4;
const LPC = 32;

/** Section 9.2.5: of the last samples, the latest first. */
const FIXED_COEFFICIENTS = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]] as const;

/** The most that a frame's header can say (section 9.1.6: 16 bits, one less than the size). */
export const MAX_BLOCK_SAMPLES = 65536;

/**
 * The samples of the next frame: the beginning of `memory`, which has room for MAX_BLOCK_SAMPLES.
 * @throws BadFile
 */
export function readFrame(reader: BitReader, bits: number, memory: Float64Array): Float64Array {
  const first = reader.byte;
  const block = memory.subarray(0, readHeader(reader));
  readSubframe(reader, block, bits);
  reader.align();
  const computed = crc16(reader.bytes.subarray(first, reader.byte));
  if (reader.unsigned(16) !== computed) throw bad("the checksum of a frame differs");
  return block;
}

/** The number of samples; rate and bits are those of the stream. */
function readHeader(reader: BitReader): number {
  if (reader.unsigned(14) !== SYNC) throw bad("a frame does not begin where it should");
  reader.unsigned(2); // reserved, blocking strategy
  const sizeCode = reader.unsigned(4);
  const rateCode = reader.unsigned(4);
  const assignment = reader.unsigned(4);
  if (assignment !== 0) throw bad("a frame has more than one channel");
  reader.unsigned(4); // bits a sample, reserved
  skipNumber(reader);
  const blockSize = readBlockSize(reader, sizeCode);
  if (rateCode === 12) reader.unsigned(8);
  if (rateCode === 13 || rateCode === 14) reader.unsigned(16);
  reader.unsigned(8); // checksum of the header, which the frame's covers too
  return blockSize;
}

/** Of the frame or of its first sample, coded as in UTF-8. */
function skipNumber(reader: BitReader): void {
  const lead = reader.unsigned(8);
  const ones = Math.clz32(~(lead << 24));
  if (ones === 1 || ones > LONGEST_NUMBER) throw bad("a frame's number is not valid");
  for (let i = 1; i < ones; i++) reader.unsigned(8);
}

function readBlockSize(reader: BitReader, code: number): number {
  if (code === 0) throw bad("the size of a block is not valid");
  if (code === 1) return 192;
  if (code <= 5) return 576 << (code - 2);
  if (code === 6) return reader.unsigned(8) + 1;
  if (code === 7) return reader.unsigned(16) + 1;
  return 256 << (code - 8);
}

function readSubframe(reader: BitReader, block: Float64Array, streamBits: number): void {
  if (reader.unsigned(1) !== 0) throw bad("a subframe does not begin where it should");
  const type = reader.unsigned(6);
  const wasted = reader.unsigned(1) === 0 ? 0 : reader.unary() + 1;
  const bits = streamBits - wasted;
  if (bits < 1) throw bad("a subframe has no bits");
  readPredicted(reader, type, block, bits);
  if (wasted > 0) for (let i = 0; i < block.length; i++) block[i]! *= 2 ** wasted;
}

function readPredicted(reader: BitReader, type: number, block: Float64Array, bits: number): void {
  if (type === CONSTANT) block.fill(reader.signed(bits));
  else if (type === VERBATIM) readPlain(reader, block, bits);
  else if (type >= LPC) readLinear(reader, block, type - LPC + 1, bits);
  else if (type >= FIXED && type <= FIXED + MAX_FIXED_ORDER) {
    readFixed(reader, block, type - FIXED, bits);
  } else throw bad(`a subframe is of the reserved type ${type}`);
}

function readFixed(reader: BitReader, block: Float64Array, order: number, bits: number): void {
  readWarmUp(reader, block, order, bits);
  readResidual(reader, block, order);
  predict(block, FIXED_COEFFICIENTS[order]!, 0, bits);
}

function readLinear(reader: BitReader, block: Float64Array, order: number, bits: number): void {
  readWarmUp(reader, block, order, bits);
  const precision = reader.unsigned(4) + 1;
  const shift = reader.signed(5);
  if (precision === 16 || shift < 0) throw bad("a predictor is not valid");
  const coefficients = Array.from({ length: order }, () => reader.signed(precision));
  readResidual(reader, block, order);
  predict(block, coefficients, shift, bits);
}

function readWarmUp(reader: BitReader, block: Float64Array, order: number, bits: number): void {
  if (order > block.length) throw bad("a predictor is longer than its block");
  readPlain(reader, block.subarray(0, order), bits);
}

function readPlain(reader: BitReader, samples: Float64Array, bits: number): void {
  for (let i = 0; i < samples.length; i++) samples[i] = reader.signed(bits);
}

/** Section 9.2.7: what the predictor missed, into the places behind the first `order`. */
function readResidual(reader: BitReader, block: Float64Array, order: number): void {
  const method = reader.unsigned(2);
  if (method > 1) throw bad("the coding of a residual is not valid");
  const parameterBits = method === 0 ? 4 : 5;
  const escaped = 2 ** parameterBits - 1;
  const partitionOrder = reader.unsigned(4);
  const length = block.length >> partitionOrder;
  if (length << partitionOrder !== block.length || length < order) {
    throw bad("the partitions of a residual do not fit its block");
  }
  for (let end = length, i = order; end <= block.length; end += length) {
    const parameter = reader.unsigned(parameterBits);
    if (parameter === escaped) {
      const bits = reader.unsigned(5);
      for (; i < end; i++) block[i] = reader.signed(bits);
    } else {
      for (; i < end; i++) block[i] = readRice(reader, parameter);
    }
  }
}

function readRice(reader: BitReader, parameter: number): number {
  // A residual of 16-bit samples fits 31 bits.
  const folded = (reader.unary() << parameter) | reader.unsigned(parameter);
  return (folded >>> 1) ^ -(folded & 1);
}

/**
 * Sums of 32 products of 16 by 15 bits are exact as numbers, but not in 32 bits: in any order, so that
 * two of them can grow side by side.
 */
function predict(
  block: Float64Array,
  latestFirst: readonly number[],
  shift: number,
  bits: number,
): void {
  const order = latestFirst.length;
  // Of the earliest sample first; one more than there are, if that makes their number even.
  const coefficients = new Float64Array(order + (order % 2));
  coefficients.set(latestFirst.toReversed());
  const scale = 2 ** -shift;
  const limit = 2 ** (bits - 1);
  for (let i = order, first = 0; i < block.length; i++, first++) {
    let even = 0;
    let odd = 0;
    for (let j = 0; j < order; j += 2) {
      even += coefficients[j]! * block[first + j]!;
      odd += coefficients[j + 1]! * block[first + j + 1]!;
    }
    const value = block[i]! + Math.floor((even + odd) * scale);
    if (value < -limit || value >= limit) throw bad(`a sample does not fit its ${bits} bits`);
    block[i] = value;
  }
}

const CRC_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x8005 : crc << 1;
  return crc;
});

/** Polynomial x^16 + x^15 + x^2 + 1, starting from 0 (section 9.3). */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ CRC_TABLE[(crc >> 8) ^ byte]!;
  return crc;
}

function bad(reason: string): BadFile {
  return new BadFile("flac", reason);
}
