/** Audio in a file, for the page, the command line and the API: every WAV is read, or refused by name. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readAudio } from "../../../ts/audio/index.js";
import { BadFile, BadInput, NonFinite } from "../../../ts/core/errors.js";
import type { ModelInfo } from "../../../ts/core/info.js";
import { inputsOf, paddedClip } from "../../../ts/open/inputs.js";
import { bytesOf, chunk, FLOAT, PCM, RATE_HZ, type WavForm, wav } from "../../wav.js";

const hearing = {
  inputKind: "samples",
  inputWidth: 1,
  windowSamples: 400,
  hopSamples: 160,
  sampleRateHz: RATE_HZ,
} as ModelInfo;
const noise = Int16Array.from({ length: 1200 }, (_, i) => (i * 7919) % 65536);
const samples = bytesOf(noise);
const floats = Float32Array.from(noise, (value) => value / 32768);
const spoilt = floats.with(700, Number.NaN);

type Case = readonly [name: string, bytes: Uint8Array];

const READ: readonly Case[] = [
  ["16 bits", wav(samples)],
  ["8 bits", wav(samples, { bits: 8 })],
  ["24 bits", wav(samples, { bits: 24 })],
  ["32 bits", wav(samples, { bits: 32 })],
  ["32-bit floats", wav(bytesOf(floats), { encoding: FLOAT, bits: 32 })],
  ["64-bit floats", wav(bytesOf(Float64Array.from(floats)), { encoding: FLOAT, bits: 64 })],
  ["an extensible format", wav(samples, { subformat: [PCM, ""] })],
  ["other chunks", wav(samples, { before: chunk("cue ", samples.subarray(0, 7)) })],
  ["a pipe's size", wav(samples, { dataSize: 0xffffffff })],
  ["SoX's pipe's size", wav(samples, { dataSize: 0x7ffff000 })],
];

function refused(form: WavForm, data = samples): Uint8Array {
  return wav(data, form);
}

const REFUSED: readonly (readonly [...Case, kind: new (...args: never[]) => Error])[] = [
  ["stereo", refused({ channels: 2 }), BadInput],
  ["another rate", refused({ rateHz: 44_100 }), BadInput],
  ["cut short", refused({}).subarray(0, 900), BadFile],
  ["a size of all but all ones", refused({ dataSize: 0xfffffffe }), BadFile],
  ["12 bits", refused({ bits: 12, blockBytes: 2 }), BadFile],
  ["a wrong block", refused({ blockBytes: 4 }), BadFile],
  ["a part of a sample", refused({}, samples.subarray(0, 1001)), BadFile],
  ["no samples", refused({}, new Uint8Array(0)), BadFile],
  ["RIFX", refused({ container: "RIFX" }), BadFile],
  ["RF64", refused({ container: "RF64" }), BadFile],
  ["another RIFF", refused({ form: "AVI " }), BadFile],
  ["less than a window", refused({}, samples.subarray(0, 600)), BadInput],
  ["NaN", refused({ encoding: FLOAT, bits: 32 }, bytesOf(spoilt)), NonFinite],
];

describe("audio for a model of samples", () => {
  it.each(READ)("%s: read", (_, bytes) => {
    const { frames, sequences } = inputsOf(bytes, hearing, false);
    expect(frames).toBeGreaterThan(0);
    expect(sequences).toEqual([readAudio(bytes, RATE_HZ)]);
  });

  it.each(REFUSED)("%s: refused", (_, bytes, kind) => {
    expect(() => inputsOf(bytes, hearing, false)).toThrow(kind);
  });

  it("is read from FLAC as well", () => {
    const flac = readFileSync(new URL("../audio/fixtures/noise.flac", import.meta.url));
    const own = { ...hearing, sampleRateHz: 16_000 };
    expect(inputsOf(flac, own, false).sequences).toEqual([readAudio(flac, 16_000)]);
  });

  it("is not filled up to a length that there is no memory for", () => {
    const bytes = 4e13;
    expect(() => paddedClip(wav(samples), RATE_HZ, bytes / 4, "samples")).toThrow(
      `out of memory: a clip of ${bytes / 4} samples needs ${bytes} bytes`,
    );
  });

  it("is refused by a model of frames", () => {
    const seeing = { ...hearing, inputKind: "frames" } as ModelInfo;
    expect(() => inputsOf(wav(samples), seeing, false)).toThrow(/a \.npy of frames, got audio/);
  });
});
