/** The page's input files: every WAV is what it is for the command line, or refused as there. */
import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readSequences } from "../../../ts/app/worker/inputs.js";
import { readInputs } from "../../../ts/cli/load-input.js";
import { BadFile, BadInput, NonFinite } from "../../../ts/core/errors.js";
import type { ModelInfo } from "../../../ts/core/info.js";
import { temporaryFolder } from "../../cli/support.js";
import { bytesOf, chunk, FLOAT, PCM, RATE_HZ, type WavForm, wav } from "../../wav.js";

const temporary = temporaryFolder();
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

async function onCommandLine(bytes: Uint8Array): Promise<Float32Array | Int32Array> {
  const path = temporary("input.wav");
  writeFileSync(path, bytes);
  const { sequences } = await readInputs(path, hearing, false);
  return sequences[0]!;
}

describe("a WAV in the page", () => {
  it.each(READ)("%s: the samples of the command line", async (_, bytes) => {
    const { frames, sequences } = readSequences(bytes, hearing);
    expect(frames).toBeGreaterThan(0);
    expect(sequences).toEqual([await onCommandLine(bytes)]);
  });

  it.each(REFUSED)("%s: refused as on the command line", async (_, bytes, kind) => {
    const there = await onCommandLine(bytes).catch((error: Error) => error.cause);
    expect(there).toBeInstanceOf(kind);
    expect(() => readSequences(bytes, hearing)).toThrow(kind);
    expect(() => readSequences(bytes, hearing)).toThrow((there as Error).message);
  });

  it("is refused by a model of frames", () => {
    const seeing = { ...hearing, inputKind: "frames" } as ModelInfo;
    expect(() => readSequences(wav(samples), seeing)).toThrow(/does not hear, got a WAV file/);
  });
});
