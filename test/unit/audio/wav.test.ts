/** WAV files: the two encodings that are read, exactly, and whatever is wrong with them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readAudio } from "../../../ts/audio/index.js";
import { BadFile, BadInput } from "../../../ts/core/errors.js";

const RATE_HZ = 16_000;
const PCM = 1;
const FLOAT = 3;

interface Form {
  readonly encoding?: number;
  readonly channels?: number;
  readonly rateHz?: number;
  readonly bits?: number;
}

/** Multimedia Programming Interface 1.0 (IBM, Microsoft, 1991), with an odd chunk before the data. */
function wav(data: Uint8Array, { encoding = PCM, channels = 1, rateHz, bits = 16 }: Form = {}) {
  const bytes = Buffer.alloc(12 + 24 + 12 + 8);
  const rate = rateHz ?? RATE_HZ;
  const block = (channels * bits) / 8;
  bytes.write("RIFF", 0, "latin1");
  bytes.writeUInt32LE(bytes.length - 8 + data.length, 4);
  bytes.write("WAVEfmt ", 8, "latin1");
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(encoding, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * block, 28);
  bytes.writeUInt16LE(block, 32);
  bytes.writeUInt16LE(bits, 34);
  bytes.write("odd ", 36, "latin1");
  bytes.writeUInt32LE(3, 40);
  bytes.write("data", 48, "latin1");
  bytes.writeUInt32LE(data.length, 52);
  return new Uint8Array(Buffer.concat([bytes, data]));
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

const int16 = Int16Array.of(0, 1, -1, 32767, -32768, 12345);

describe("WAV", () => {
  test("16-bit integers are divided by 32768", () => {
    const samples = readAudio(wav(bytesOf(int16)), RATE_HZ);
    expect([...samples]).toEqual([...int16].map((value) => value / 32768));
  });

  test("32-bit floats are taken as they are", () => {
    const floats = Float32Array.of(0.1, -1, 1.5, 1e-20);
    const bytes = wav(bytesOf(floats), { encoding: FLOAT, bits: 32 });
    expect(readAudio(bytes, RATE_HZ)).toEqual(floats);
  });

  test("the bundled recordings are a second each", () => {
    const url = new URL("../../../ts/models/kws/yes.wav", import.meta.url);
    const bytes = readFileSync(url);
    const samples = readAudio(new Uint8Array(bytes), RATE_HZ);
    expect(samples).toHaveLength(RATE_HZ);
    const HEADER_BYTES = 44;
    for (let i = 0; i < samples.length; i += 997) {
      expect(samples[i]).toBe(bytes.readInt16LE(HEADER_BYTES + 2 * i) / 32768);
    }
  });

  test("other rates, channels and encodings are refused with the numbers", () => {
    const refusal = (form: Form) => () => readAudio(wav(bytesOf(int16), form), RATE_HZ);
    expect(refusal({ channels: 2 })).toThrow(BadInput);
    expect(refusal({ channels: 2 })).toThrow(/16000 Hz in 1 channel, got 16000 Hz in 2 channels/);
    expect(refusal({ rateHz: 44_100 })).toThrow(/got 44100 Hz in 1 channel$/);
    expect(refusal({ bits: 8 })).toThrow(/encoding 1 with 8 bits, expected 16-bit integers/);
    expect(refusal({ encoding: 6, bits: 8 })).toThrow(BadFile);
  });

  test("a file cut anywhere is refused", () => {
    const bytes = wav(bytesOf(int16));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readAudio(bytes.subarray(0, length), RATE_HZ), `${length}`).toThrow(BadFile);
    }
  });

  test("what is no audio is named", () => {
    expect(() => readAudio(new TextEncoder().encode("{}"), RATE_HZ)).toThrow(/JSON text/);
  });
});
