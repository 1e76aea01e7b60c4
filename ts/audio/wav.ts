/**
 * WAV files, from the command line, a data set or the page. Walks the chunks and looks into two of them,
 * the format and the samples; whatever else a file carries is stepped over. Knows nothing of what the
 * samples are for, and needs nothing of Node.
 *
 * Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft, 1991), section 3.
 */
import { BadFile } from "../core/errors.js";
import { hasText } from "../looks-like.js";
import { type Recording, requireCount } from "./recording.js";

const CONTAINER = "RIFF";
/** WAV files that are told apart and not read. */
const OTHER_CONTAINERS: readonly (readonly [name: string, what: string])[] = [
  ["RIFX", "big-endian"],
  ["RF64", "for more than 4 GiB"],
  ["BW64", "for more than 4 GiB"],
];

const FORM_OFFSET = 8;
const FIRST_CHUNK = 12;
const CHUNK_HEADER_BYTES = 8;
/** Far more than recorders and editors write; a file of nothing but empty ones is told soon. */
const MAX_CHUNKS = 4096;
/** The size of what was written into a pipe, by SoX the second: it goes on to the end of the file. */
const UNKNOWN_SIZES = [0xffffffff, 0x7ffff000];

const FORMAT_BYTES = 16;
const EXTENSIBLE_FORMAT_BYTES = 40;
const SUBFORMAT_OFFSET = 24;
/** Of a subformat (a GUID) behind the two bytes of its encoding: RFC 2361, section 4. */
const SUBFORMAT_TAIL = "\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

interface Encoding {
  readonly tag: number;
  readonly bits: number;
  readonly read: (view: DataView, at: number) => number;
}

/** Integers of n bits are divided by 2^(n-1); those of 8 bits are unsigned, with zero at 128. */
const ENCODINGS: readonly Encoding[] = [
  { tag: PCM, bits: 8, read: (view, at) => view.getUint8(at) / 2 ** 7 - 1 },
  { tag: PCM, bits: 16, read: (view, at) => view.getInt16(at, true) / 2 ** 15 },
  { tag: PCM, bits: 24, read: (view, at) => readInt24(view, at) / 2 ** 23 },
  { tag: PCM, bits: 32, read: (view, at) => view.getInt32(at, true) / 2 ** 31 },
  { tag: FLOAT, bits: 32, read: (view, at) => view.getFloat32(at, true) },
  { tag: FLOAT, bits: 64, read: (view, at) => view.getFloat64(at, true) },
];

interface Format {
  readonly encoding: Encoding;
  readonly channels: number;
  readonly rateHz: number;
  /** Of one sample of every channel. */
  readonly blockBytes: number;
}

interface Chunk {
  /** The first byte behind the header. */
  readonly start: number;
  /** As the header says; it may be more than there is. */
  readonly size: number;
}

/** Whether the bytes begin as a WAV file does, one that is read or one that is refused by name. */
export function isWav(bytes: Uint8Array): boolean {
  return hasText(bytes, 0, CONTAINER) || otherContainer(bytes) !== undefined;
}

/** @throws BadFile */
export function readWav(bytes: Uint8Array): Recording {
  requireWave(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { format, data } = findSamples(bytes, view);
  const { rateHz, channels, encoding } = format;
  return { rateHz, channels, samples: () => decode(data, encoding) };
}

function requireWave(bytes: Uint8Array): void {
  const other = otherContainer(bytes);
  if (other !== undefined) throw bad(`its container is ${other[0]} (${other[1]}), expected RIFF`);
  if (!hasText(bytes, 0, CONTAINER)) throw bad("it does not begin with RIFF");
  if (bytes.length < FIRST_CHUNK) throw bad("it is cut short in its header");
  if (!hasText(bytes, FORM_OFFSET, "WAVE")) throw bad("its container RIFF holds no WAVE");
}

function otherContainer(bytes: Uint8Array) {
  return OTHER_CONTAINERS.find(([name]) => hasText(bytes, 0, name));
}

/** The file's own length is what counts, not what RIFF's header says of it: recorders leave that wrong. */
function findSamples(bytes: Uint8Array, view: DataView): { format: Format; data: DataView } {
  let format: Format | undefined;
  for (let at = FIRST_CHUNK, chunks = 0; at + CHUNK_HEADER_BYTES <= bytes.length; chunks++) {
    if (chunks === MAX_CHUNKS) throw bad(`no samples in its first ${MAX_CHUNKS} chunks`);
    const chunk = { start: at + CHUNK_HEADER_BYTES, size: view.getUint32(at + 4, true) };
    if (hasText(bytes, at, "data")) {
      if (format === undefined) throw bad("its samples come before their format");
      return { format, data: samplesIn(chunk, view, format) };
    }
    const { start, size } = chunk;
    const left = bytes.length - start;
    if (size > left) {
      throw bad(`it is cut short: the chunk at byte ${at} has ${left} of its ${size} bytes`);
    }
    if (hasText(bytes, at, "fmt "))
      format = readFormat(new DataView(view.buffer, view.byteOffset + start, size));
    at = start + size + (size & 1);
  }
  throw bad(`it has no chunk of ${format === undefined ? "format" : "samples"}`);
}

function samplesIn({ start, size }: Chunk, view: DataView, { blockBytes }: Format): DataView {
  const left = view.byteLength - start;
  // Where the size is not known, neither is what the end of the stream has cut off.
  const bytes = UNKNOWN_SIZES.includes(size) ? left - (left % blockBytes) : size;
  if (bytes > left) throw bad(`it is cut short: ${left} of ${bytes} bytes of samples`);
  if (bytes % blockBytes !== 0) {
    throw bad(`${bytes} bytes of samples, expected a multiple of ${blockBytes}`);
  }
  return new DataView(view.buffer, view.byteOffset + start, bytes);
}

function readFormat(chunk: DataView): Format {
  if (chunk.byteLength < FORMAT_BYTES) throw bad(`a format of ${chunk.byteLength} bytes`);
  const tag = chunk.getUint16(0, true);
  const channels = chunk.getUint16(2, true);
  const rateHz = chunk.getUint32(4, true);
  const blockBytes = chunk.getUint16(12, true);
  const bits = chunk.getUint16(14, true);
  const encoding = findEncoding(tag === EXTENSIBLE ? readSubformat(chunk) : tag, bits);
  if (channels === 0) throw bad("it has no channels");
  if (blockBytes !== (channels * bits) / 8) {
    throw bad(`blocks of ${blockBytes} bytes, expected ${channels} times ${bits} bits`);
  }
  return { encoding, channels, rateHz, blockBytes };
}

/** The encoding of WAVE_FORMAT_EXTENSIBLE. */
function readSubformat(chunk: DataView): number {
  if (chunk.byteLength < EXTENSIBLE_FORMAT_BYTES) {
    throw bad(`an extensible format of ${chunk.byteLength} bytes`);
  }
  const guid = new Uint8Array(chunk.buffer, chunk.byteOffset + SUBFORMAT_OFFSET);
  if (!hasText(guid, 2, SUBFORMAT_TAIL)) throw bad("an extensible format of an unknown encoding");
  return chunk.getUint16(SUBFORMAT_OFFSET, true);
}

function findEncoding(tag: number, bits: number): Encoding {
  const encoding = ENCODINGS.find((known) => known.tag === tag && known.bits === bits);
  if (encoding !== undefined) return encoding;
  throw bad(
    `encoding ${tag} with ${bits} bits, expected integers (${PCM}) of 8, 16, 24 or 32 bits ` +
      `or floats (${FLOAT}) of 32 or 64`,
  );
}

/** Of one channel. */
function decode(data: DataView, { bits, read }: Encoding): Float32Array {
  const step = bits / 8;
  const count = data.byteLength / step;
  requireCount("wav", count);
  const samples = new Float32Array(count);
  for (let i = 0; i < count; i++) samples[i] = read(data, i * step);
  return samples;
}

function readInt24(view: DataView, at: number): number {
  return (view.getInt16(at + 1, true) << 8) | view.getUint8(at);
}

function bad(reason: string): BadFile {
  return new BadFile("wav", reason);
}
