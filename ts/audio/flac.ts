/**
 * FLAC files (RFC 9639) of one channel and at most 16 bits. Every frame's checksum is tested, and the
 * MD5 that the file carries of its samples: what is returned is what was encoded. Knows nothing of
 * what the samples are for.
 */
import { createHash } from "node:crypto";
import { BadFile } from "../core/errors.js";
import { BitReader } from "./bit-reader.js";
import { readFrame } from "./flac-frame.js";
import type { Recording } from "./recording.js";

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

function decode(bytes: Uint8Array, { bits, length, md5, frames }: StreamInfo): Float32Array {
  if (bits > MAX_BITS) throw bad(`${bits} bits a sample, expected ${MAX_BITS} or fewer`);
  const blocks: Int32Array[] = [];
  const reader = new BitReader(bytes, frames);
  let count = 0;
  while (length === 0 ? !reader.isAtEnd : count < length) {
    const block = readFrame(reader, bits);
    blocks.push(block);
    count += block.length;
  }
  const integers = new Int16Array(count);
  let at = 0;
  for (const block of blocks) {
    integers.set(block, at);
    at += block.length;
  }
  if (length !== 0 && count !== length) throw bad(`it holds ${count} samples and says ${length}`);
  requireMd5(bits > 8 ? integers : Int8Array.from(integers), md5);
  const step = 2 ** (1 - bits);
  return new Float32Array(integers).map((value) => value * step);
}

function requireMd5(samples: Int16Array | Int8Array, md5: Uint8Array): void {
  if (md5.every((byte) => byte === 0)) return;
  if (createHash("md5").update(samples).digest().equals(md5)) return;
  throw bad("its samples are not those it was made of: the MD5 differs");
}

function bad(reason: string): BadFile {
  return new BadFile("flac", reason);
}
