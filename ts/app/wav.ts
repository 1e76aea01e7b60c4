/**
 * Reads and writes WAV audio: 16-bit integer or 32-bit float PCM, the first channel of it. Knows
 * nothing of models.
 */
import { BadFile } from "../core/errors.js";
import { looksLike } from "../looks-like.js";

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
const HEADER_BYTES = 44;
const INT16_SCALE = 32768;

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly rateHz: number;
  readonly bits: number;
}

export function isWav(bytes: Uint8Array): boolean {
  return textAt(bytes, 0) === "RIFF" && textAt(bytes, 8) === "WAVE";
}

/**
 * Samples in [-1, 1) at the file's rate, which must be `rateHz`.
 * @throws BadFile
 */
export function readWav(bytes: Uint8Array, rateHz: number): Float32Array {
  if (!isWav(bytes)) throw bad(looksLike(bytes));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = textAt(bytes, at);
    const length = view.getUint32(at + 4, true);
    const start = at + 8;
    const end = Math.min(start + length, bytes.length);
    if (name === "fmt ") format = readFormat(view, start, end);
    if (name === "data") return readSamples(view, start, end, format, rateHz);
    at = start + length + (length & 1);
  }
  throw bad("it has no samples");
}

function readFormat(view: DataView, start: number, end: number): Format {
  if (end - start < 16) throw bad("its format is cut off");
  const tag = view.getUint16(start, true);
  const isExtended = tag === EXTENSIBLE && end - start >= 26;
  return {
    tag: isExtended ? view.getUint16(start + 24, true) : tag,
    channels: view.getUint16(start + 2, true),
    rateHz: view.getUint32(start + 4, true),
    bits: view.getUint16(start + 14, true),
  };
}

function readSamples(
  view: DataView,
  start: number,
  end: number,
  format: Format | undefined,
  rateHz: number,
): Float32Array {
  if (format === undefined || format.channels === 0) throw bad("its samples have no format");
  if (format.rateHz !== rateHz) {
    throw bad(`${format.rateHz} samples a second, the model takes ${rateHz}`);
  }
  const { tag, bits, channels } = format;
  const isInt16 = tag === PCM && bits === 16;
  if (!isInt16 && !(tag === FLOAT && bits === 32)) {
    throw bad(`${bits}-bit samples of format ${tag}, expected 16-bit PCM or 32-bit float`);
  }
  const step = (channels * bits) / 8;
  return Float32Array.from({ length: Math.floor((end - start) / step) }, (_, i) => {
    const at = start + i * step;
    return isInt16 ? view.getInt16(at, true) / INT16_SCALE : view.getFloat32(at, true);
  });
}

/** 16-bit mono. */
export function writeWav(samples: Float32Array, rateHz: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + 2 * samples.length);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => {
    for (let i = 0; i < value.length; i++) view.setUint8(at + i, value.charCodeAt(i));
  };
  text(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, PCM, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, 2 * rateHz, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => {
    const value = Math.max(-1, Math.min(1 - 1 / INT16_SCALE, sample));
    view.setInt16(HEADER_BYTES + 2 * i, Math.round(value * INT16_SCALE), true);
  });
  return bytes;
}

function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function bad(reason: string): BadFile {
  return new BadFile("wav", reason);
}
