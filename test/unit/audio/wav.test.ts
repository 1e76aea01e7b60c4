/** WAV files: every encoding that is read, exactly, and whatever is wrong with them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isAudio, readAudio } from "../../../ts/audio/index.js";
import { MAX_SAMPLES } from "../../../ts/audio/recording.js";
import { BadFile, BadInput } from "../../../ts/core/errors.js";
import { bytesOf, chunk, FLOAT, PCM, RATE_HZ, type WavForm, wav } from "../../wav.js";

const int16 = Int16Array.of(0, 1, -1, 32767, -32768, 12345);
const odd = chunk("odd ", new Uint8Array(3));

function read(data: Uint8Array, form: WavForm = {}): number[] {
  return [...readAudio(wav(data, { before: odd, ...form }), RATE_HZ)];
}

describe("WAV", () => {
  test("16-bit integers are divided by 32768", () => {
    expect(read(bytesOf(int16))).toEqual([...int16].map((value) => value / 32768));
  });

  test("8-bit integers are unsigned, with zero at 128", () => {
    expect(read(Uint8Array.of(0, 127, 128, 255), { bits: 8 })).toEqual([
      -1,
      -1 / 128,
      0,
      127 / 128,
    ]);
  });

  test("24-bit integers are divided by 2^23", () => {
    const bytes = Uint8Array.of(0, 0, 0x80, 0xff, 0xff, 0xff, 1, 0, 0, 0xff, 0xff, 0x7f);
    expect(read(bytes, { bits: 24 })).toEqual([-1, -(2 ** -23), 2 ** -23, 1 - 2 ** -23]);
  });

  test("32-bit integers are divided by 2^31 and rounded once", () => {
    const integers = Int32Array.of(-(2 ** 31), 1, 123456789, 2 ** 31 - 1);
    const expected = [...integers].map((value) => Math.fround(value / 2 ** 31));
    expect(read(bytesOf(integers), { bits: 32 })).toEqual(expected);
  });

  test("32-bit floats are taken as they are, 64-bit ones are rounded once", () => {
    const floats = Float64Array.of(0.1, -1, 1.5, 1e-20, Number.NaN, Number.POSITIVE_INFINITY);
    const expected = [...Float32Array.from(floats)];
    const form = { encoding: FLOAT };
    expect(read(bytesOf(Float32Array.from(floats)), { ...form, bits: 32 })).toEqual(expected);
    expect(read(bytesOf(floats), { ...form, bits: 64 })).toEqual(expected);
  });

  test("an extensible format has its encoding in the subformat", () => {
    expect(read(bytesOf(int16), { subformat: [PCM, ""] })).toEqual(read(bytesOf(int16)));
    const floats = Float32Array.of(0.5, -0.25);
    expect(read(bytesOf(floats), { subformat: [FLOAT, ""], bits: 32 })).toEqual([...floats]);
    const refusal = (subformat: [number, string]) => () => read(bytesOf(int16), { subformat });
    expect(refusal([2, ""])).toThrow(/encoding 2 with 16 bits/);
    expect(refusal([PCM, "21071107d311864400c8c1ca0000"])).toThrow(/of an unknown encoding/);
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

  test("bytes that begin anywhere in memory are read alike", () => {
    const bytes = wav(bytesOf(int16));
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(readAudio(shifted.subarray(3), RATE_HZ)).toEqual(readAudio(bytes, RATE_HZ));
  });

  test("other rates, channels and encodings are refused with the numbers", () => {
    const refusal = (form: WavForm) => () => read(bytesOf(int16), form);
    expect(refusal({ channels: 2 })).toThrow(BadInput);
    expect(refusal({ channels: 2 })).toThrow(/16000 Hz in 1 channel, got 16000 Hz in 2 channels/);
    expect(refusal({ rateHz: 44_100 })).toThrow(/got 44100 Hz in 1 channel$/);
    expect(refusal({ bits: 12, blockBytes: 2 })).toThrow(/encoding 1 with 12 bits, expected int/);
    expect(refusal({ encoding: 6, bits: 8 })).toThrow(BadFile);
    expect(refusal({ channels: 0 })).toThrow(/no channels/);
    expect(refusal({ blockBytes: 4 })).toThrow(/blocks of 4 bytes, expected 1 times 16 bits/);
    expect(refusal({ blockBytes: 0 })).toThrow(BadFile);
  });

  test("other containers are refused by name", () => {
    const refusal = (form: WavForm) => () => read(bytesOf(int16), form);
    expect(isAudio(wav(bytesOf(int16), { container: "RIFX" }))).toBe(true);
    expect(refusal({ container: "RIFX" })).toThrow(/container is RIFX \(big-endian\)/);
    expect(refusal({ container: "RF64" })).toThrow(/container is RF64/);
    expect(refusal({ container: "BW64" })).toThrow(/container is BW64/);
    expect(refusal({ form: "AVI " })).toThrow(/RIFF holds no WAVE/);
  });

  test("a file cut anywhere is refused", () => {
    for (const form of [{ before: odd }, { subformat: [PCM, ""] as const }]) {
      const bytes = wav(bytesOf(int16), form);
      for (let length = 0; length < bytes.length; length++) {
        expect(() => readAudio(bytes.subarray(0, length), RATE_HZ), `${length}`).toThrow(BadFile);
      }
    }
    expect(() => read(bytesOf(int16), { dataSize: 14 })).toThrow(/cut short: 12 of 14 bytes/);
  });

  test("what was written into a pipe goes on to its end", () => {
    const data = bytesOf(int16);
    for (const dataSize of [0xffffffff, 0x7ffff000]) {
      expect(read(data, { dataSize })).toEqual(read(data));
      expect(read(data.subarray(0, 11), { dataSize })).toEqual(read(data).slice(0, 5));
      expect(() => read(data.subarray(0, 1), { dataSize })).toThrow(/it has no samples/);
    }
    expect(() => read(data, { dataSize: 0xfffffffe })).toThrow(/cut short/);
  });

  test("a part of a sample, no samples, and too many are refused", () => {
    expect(() => read(new Uint8Array(11))).toThrow(/11 bytes of samples, expected a multiple of 2/);
    expect(() => read(new Uint8Array(0))).toThrow(/not a valid wav file: it has no samples/);
    const most = wav(new Uint8Array(MAX_SAMPLES), { bits: 8 });
    expect(readAudio(most, RATE_HZ)).toHaveLength(MAX_SAMPLES);
    const more = wav(new Uint8Array(MAX_SAMPLES + 1), { bits: 8 });
    expect(() => readAudio(more, RATE_HZ)).toThrow(/at most 33554432 samples, got 33554433/);
  });

  test("what is in other chunks does not matter, only that they end", () => {
    const counts = new Uint8Array(64).fill(0xff);
    const names = ["cue ", "smpl", "fact", "LIST", "iXML", "bext", "ds64", "JUNK", "\0\0\0\0"];
    const before = Buffer.concat(names.flatMap((name) => [chunk(name, counts), odd]));
    expect(read(bytesOf(int16), { before })).toEqual(read(bytesOf(int16)));
    const endless = Buffer.from("LIST\xff\xff\xff\xff", "latin1");
    expect(() => read(bytesOf(int16), { before: endless })).toThrow(
      /cut short: the chunk at byte 36 has 20 of its 4294967295 bytes/,
    );
  });

  test("samples before their format, without one or with a short one are refused", () => {
    const bytes = wav(bytesOf(int16));
    const [start, format, data] = [
      bytes.subarray(0, 12),
      bytes.subarray(12, 36),
      bytes.subarray(36),
    ];
    const refusal = (...parts: Uint8Array[]) => {
      const file = Uint8Array.from(Buffer.concat([start, ...parts]));
      return () => readAudio(file, RATE_HZ);
    };
    expect(refusal(data, format)).toThrow(/samples come before their format/);
    expect(refusal(format)).toThrow(/no chunk of samples/);
    expect(refusal(odd)).toThrow(/no chunk of format/);
    expect(refusal(chunk("fmt ", format.subarray(8, 22)), data)).toThrow(/a format of 14 bytes/);
  });

  test("what is no audio is named", () => {
    expect(() => readAudio(new TextEncoder().encode("{}"), RATE_HZ)).toThrow(/JSON text/);
  });
});
