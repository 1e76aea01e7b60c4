/** Makes WAV files, right ones and wrong ones, for the tests. Knows nothing of what reads them. */

export const PCM = 1;
export const FLOAT = 3;
export const EXTENSIBLE = 0xfffe;
export const RATE_HZ = 16_000;

const FORMAT_BYTES = 16;
const EXTENSIBLE_FORMAT_BYTES = 40;

export interface WavForm {
  readonly encoding?: number;
  readonly channels?: number;
  readonly rateHz?: number;
  readonly bits?: number;
  readonly blockBytes?: number;
  readonly container?: string;
  readonly form?: string;
  /** What the header says of the samples, if not the truth. */
  readonly dataSize?: number;
  /** Of an extensible format: the encoding, and what follows it. */
  readonly subformat?: readonly [encoding: number, tail: string];
  /** Whole chunks between the format and the samples. */
  readonly before?: Uint8Array;
}

const KNOWN_TAIL = "000000001000800000aa00389b71";

/** Multimedia Programming Interface 1.0 (IBM, Microsoft, 1991). */
export function wav(data: Uint8Array, form: WavForm = {}): Uint8Array {
  const { before = new Uint8Array(0), dataSize = data.length } = form;
  const chunks = [formatChunk(form), before, header("data", dataSize), data];
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  const start = Buffer.concat([
    header(form.container ?? "RIFF", 4 + bytes),
    Buffer.from(form.form ?? "WAVE", "latin1"),
  ]);
  return Uint8Array.from(Buffer.concat([start, ...chunks]));
}

/** A chunk with its padding. */
export function chunk(name: string, payload: Uint8Array): Uint8Array {
  const padding = new Uint8Array(payload.length % 2);
  return Buffer.concat([header(name, payload.length), payload, padding]);
}

/** 16-bit mono of samples in [-1, 1). */
export function wavOf(samples: Float32Array, rateHz = RATE_HZ): Uint8Array {
  return wav(bytesOf(Int16Array.from(samples, (value) => Math.round(value * 32768))), { rateHz });
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function header(name: string, size: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.write(name, "latin1");
  bytes.writeUInt32LE(size, 4);
  return bytes;
}

function formatChunk(form: WavForm): Uint8Array {
  const { encoding = PCM, channels = 1, rateHz = RATE_HZ, bits = 16 } = form;
  const block = form.blockBytes ?? (channels * bits) / 8;
  const isExtensible = form.subformat !== undefined;
  const bytes = Buffer.alloc(isExtensible ? EXTENSIBLE_FORMAT_BYTES : FORMAT_BYTES);
  bytes.writeUInt16LE(isExtensible ? EXTENSIBLE : encoding, 0);
  bytes.writeUInt16LE(channels, 2);
  bytes.writeUInt32LE(rateHz, 4);
  bytes.writeUInt32LE(rateHz * block, 8);
  bytes.writeUInt16LE(block, 12);
  bytes.writeUInt16LE(bits, 14);
  if (form.subformat !== undefined) {
    const [subencoding, tail] = form.subformat;
    bytes.writeUInt16LE(EXTENSIBLE_FORMAT_BYTES - FORMAT_BYTES - 2, 16);
    bytes.writeUInt16LE(bits, 18);
    bytes.writeUInt16LE(subencoding, 24);
    bytes.write(tail || KNOWN_TAIL, 26, "hex");
  }
  return chunk("fmt ", bytes);
}
