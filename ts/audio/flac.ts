/**
 * FLAC files (RFC 9639) of one channel and at most 16 bits. Every frame's checksum is tested, and the
 * MD5 that the file carries of its samples: what is returned is what was encoded. Knows nothing of
 * what the samples are for.
 */
import { BadFile } from "../core/errors.js";
import { BitReader } from "./bit-reader.js";
import { MAX_BLOCK_SAMPLES, readFrame } from "./flac-frame.js";
import { Md5 } from "./md5.js";
import { MAX_SAMPLES, type Recording, requireCount, tooLong } from "./recording.js";

const MARKER_BYTES = 4;
const STREAM_INFO = 0;
const STREAM_INFO_BYTES = 34;
const MAX_BITS = 16;

interface StreamInfo {
  readonly rateHz: number;
  readonly channels: number;
  readonly bits: number;
  /** 0: not known. */
  readonly length: number;
  /** Of the samples as little-endian integers of whole bytes; all zero: not known. */
  readonly md5: Uint8Array;
  /** The first byte of the first frame. */
  readonly frames: number;
}

/** @throws BadFile */
export function readFlac(bytes: Uint8Array): Recording {
  const info = readMetadata(bytes);
  const { rateHz, channels } = info;
  return { rateHz, channels, samples: () => decode(bytes, info) };
}

/** Sections 8.1 and 8.2. */
function readMetadata(bytes: Uint8Array): StreamInfo {
  let info: Omit<StreamInfo, "frames"> | undefined;
  for (let at = MARKER_BYTES, isLast = false; !isLast; ) {
    const reader = new BitReader(bytes, at);
    isLast = reader.unsigned(1) === 1;
    const type = reader.unsigned(7);
    const length = reader.unsigned(24);
    at = reader.byte + length;
    if (type === STREAM_INFO && length === STREAM_INFO_BYTES) info = readStreamInfo(reader);
    if (info !== undefined && isLast) return { ...info, frames: at };
  }
  throw bad("it does not say what it holds");
}

function readStreamInfo(reader: BitReader): Omit<StreamInfo, "frames"> {
  reader.unsigned(32); // smallest and largest block
  for (let i = 0; i < 2; i++) reader.unsigned(24); // smallest and largest frame
  const rateHz = reader.unsigned(20);
  const channels = reader.unsigned(3) + 1;
  const bits = reader.unsigned(5) + 1;
  const length = reader.unsigned(4) * 2 ** 32 + reader.unsigned(32);
  const md5 = Uint8Array.from({ length: 16 }, () => reader.unsigned(8));
  return { rateHz, channels, bits, length, md5 };
}

function decode(bytes: Uint8Array, info: StreamInfo): Float32Array {
  const { bits } = info;
  if (bits > MAX_BITS) throw bad(`${bits} bits a sample, expected ${MAX_BITS} or fewer`);
  const length = info.length || countSamples(bytes, info);
  requireCount("flac", length);
  const samples = new Float32Array(length);
  const hash = new Md5();
  const step = 2 ** (1 - bits);
  let at = 0;
  for (const block of readBlocks(bytes, info)) {
    const end = at + block.length;
    if (end > length) throw bad(`it holds ${end} samples and says ${length}`);
    const integers = new Int16Array(block);
    hash.update(new Uint8Array((bits > 8 ? integers : new Int8Array(block)).buffer));
    for (let i = 0; i < integers.length; i++) samples[at + i] = integers[i]! * step;
    at = end;
  }
  requireMd5(hash.digest(), info.md5);
  return samples;
}

/** Of a stream that does not say: decoded once more, so that memory is asked for once, and bounded. */
function countSamples(bytes: Uint8Array, info: StreamInfo): number {
  let count = 0;
  for (const block of readBlocks(bytes, info)) {
    count += block.length;
    if (count > MAX_SAMPLES) throw tooLong(`${count} or more`);
  }
  return count;
}

/** Block after block, each valid until the next: as many as the stream says, or as there are. */
function* readBlocks(bytes: Uint8Array, { bits, length, frames }: StreamInfo) {
  const reader = new BitReader(bytes, frames);
  const memory = new Float64Array(MAX_BLOCK_SAMPLES);
  let count = 0;
  while (length === 0 ? !reader.isAtEnd : count < length) {
    const block = readFrame(reader, bits, memory);
    count += block.length;
    yield block;
  }
}

function requireMd5(computed: Uint8Array, md5: Uint8Array): void {
  if (md5.every((byte) => byte === 0) || md5.every((byte, i) => byte === computed[i])) return;
  throw bad("its samples are not those it was made of: the MD5 differs");
}

function bad(reason: string): BadFile {
  return new BadFile("flac", reason);
}
