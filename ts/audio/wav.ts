/** WAV files: 16-bit integers or 32-bit floats. The container is `wavefile`'s business. */
import wavefile from "wavefile";
import { BadFile } from "../core/errors.js";
import type { Recording } from "./recording.js";

const PCM = 1;
const FLOAT = 3;
/** The encoding is then the first two bytes of `subformat`. */
const EXTENSIBLE = 0xfffe;
const INT16_SCALE = 32768;

/** The parts of `WaveFile` that its own types leave open. */
interface Chunks {
  readonly container: string;
  readonly fmt: {
    readonly audioFormat: number;
    readonly numChannels: number;
    readonly sampleRate: number;
    readonly bitsPerSample: number;
    readonly subformat: readonly number[];
  };
  readonly data: { readonly chunkSize: number; readonly samples: Uint8Array };
}

/** @throws BadFile */
export function readWav(bytes: Uint8Array): Recording {
  const { container, fmt, data } = parse(bytes);
  if (container !== "RIFF") throw bad(`a ${container} container, expected RIFF`);
  const { audioFormat, bitsPerSample, subformat } = fmt;
  const encoding = audioFormat === EXTENSIBLE ? (subformat[0] ?? 0) & 0xffff : audioFormat;
  const isInt16 = encoding === PCM && bitsPerSample === 16;
  if (!isInt16 && !(encoding === FLOAT && bitsPerSample === 32)) {
    throw bad(
      `encoding ${encoding} with ${bitsPerSample} bits, expected 16-bit integers or 32-bit floats`,
    );
  }
  if (data.samples.length < data.chunkSize) {
    throw bad(`it is cut short: ${data.samples.length} of ${data.chunkSize} bytes of samples`);
  }
  return {
    rateHz: fmt.sampleRate,
    channels: fmt.numChannels,
    samples: () => (isInt16 ? fromInt16(data.samples) : fromFloat32(data.samples)),
  };
}

function parse(bytes: Uint8Array): Chunks {
  try {
    return new wavefile.WaveFile(bytes) as unknown as Chunks;
  } catch (cause) {
    throw bad(cause instanceof Error ? cause.message : "it cannot be parsed");
  }
}

function fromInt16(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const samples = new Float32Array(Math.floor(bytes.length / 2));
  return samples.map((_, i) => view.getInt16(2 * i, true) / INT16_SCALE);
}

function fromFloat32(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const samples = new Float32Array(Math.floor(bytes.length / 4));
  return samples.map((_, i) => view.getFloat32(4 * i, true));
}

function bad(reason: string): BadFile {
  return new BadFile("wav", reason);
}
