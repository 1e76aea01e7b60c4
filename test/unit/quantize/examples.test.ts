/** Files as a person drops them: which of them are inputs, in which order, and what is wrong with one by its path. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { writeNpy } from "../../../ts/checkpoint/npy.js";
import { BadInput } from "../../../ts/core/errors.js";
import { FileProblem } from "../../../ts/host/file-problem.js";
import type { Model } from "../../../ts/node.js";
import { type ExampleFile, type Examples, readExamples } from "../../../ts/open/examples.js";
import { evenly } from "../../../ts/quantize/index.js";
import { wav } from "../../wav.js";

const RATE_HZ = 100;
const FLAC = readFileSync(new URL("../audio/fixtures/noise.flac", import.meta.url));

type Taken = Pick<Model, "info" | "labels" | "metadata">;

const frames = {
  info: { inputKind: "frames", inputWidth: 3, windowSamples: 0, hopSamples: 0, sampleRateHz: 0 },
  labels: [],
  metadata: {},
} as unknown as Taken;

const samples = {
  info: {
    inputKind: "samples",
    inputWidth: 1,
    windowSamples: 20,
    hopSamples: 10,
    sampleRateHz: RATE_HZ,
  },
  labels: ["yes", "no"],
  metadata: {},
} as unknown as Taken;

function file(path: string, bytes: Uint8Array): ExampleFile {
  return { path, read: async () => bytes };
}

function clip(path: string, length: number, value: number): ExampleFile {
  const data = new Int16Array(length).fill(value * 32768);
  return file(path, wav(new Uint8Array(data.buffer), { rateHz: RATE_HZ }));
}

function array(path: string, shape: readonly number[], value = 1): ExampleFile {
  const length = shape.reduce((product, size) => product * size, 1);
  return file(path, writeNpy(new Float32Array(length).fill(value), [...shape]));
}

async function firstElements(files: readonly ExampleFile[], model: Taken): Promise<number[]> {
  const { source } = await readExamples(files, model);
  const items = Array.from({ length: source.count }, (_, index) => source.item(index));
  return (await Promise.all(items)).map((item) => item[0] as number);
}

async function inputOf({ source }: Pick<Examples, "source">) {
  return source.item(0);
}

describe("arrays", () => {
  it("of several files are taken in the order of their paths, whatever their lengths", async () => {
    const files = [array("b.npy", [2, 4, 3], 2), array("a.npy", [7, 3], 1)];
    expect(await firstElements(files, frames)).toEqual([1, 2, 2]);
  });

  it("leave out what is no input by its name, and say so; hidden files are none", async () => {
    const other = file("set/README.md", new Uint8Array(3));
    const hidden = file("set/.DS_Store", new Uint8Array(3));
    const { source, leftOut } = await readExamples(
      [other, array("set/x.npy", [4, 3]), hidden],
      frames,
    );
    expect(source.count).toBe(1);
    expect(leftOut).toEqual(["set/README.md"]);
  });

  it("of another shape are named by their path", async () => {
    const files = [array("x.npy", [4, 3]), array("deep/y.npy", [4, 5])];
    const reading = readExamples(files, frames);
    await expect(reading).rejects.toThrow(FileProblem);
    await expect(reading).rejects.toThrow(/^deep\/y\.npy: bad input: expected float32 \[T, 3\]/);
    const notFinite = readExamples([array("nan.npy", [1, 3], Number.NaN)], frames);
    await expect(notFinite).rejects.toThrow(/^nan\.npy: input has the non-finite value NaN/);
  });

  it("that there are none of is said", async () => {
    await expect(readExamples([], frames)).rejects.toThrow(BadInput);
    const texts = [file("a.txt", new Uint8Array(1)), file("b.txt", new Uint8Array(1))];
    await expect(readExamples(texts, frames)).rejects.toThrow(/npy of frames, got a\.txt, b\.txt/);
    const audio = await readExamples([clip("a.wav", 30, 0)], frames);
    await expect(inputOf(audio)).rejects.toThrow(/^a\.wav: .*a \.npy of frames, got audio/);
  });
});

describe("clips", () => {
  it("are taken each as it is", async () => {
    const { source } = await readExamples([clip("a.wav", 30, 0.5), clip("b.wav", 50, 0)], samples);
    expect([await source.item(0), await source.item(1)].map(({ length }) => length)).toEqual([
      30, 50,
    ]);
  });

  it("in folders named as the labels are in the order of the labels, each of one second", async () => {
    const files = [
      clip("set/no/a.wav", 30, 0.75),
      clip("set/yes/b.wav", 30, 0.5),
      clip("set/yes/a.wav", 100, 0.25),
      clip("set/beside.wav", 30, 0.125),
    ];
    expect(await firstElements(files, samples)).toEqual([0.25, 0.5, 0.75]);
    const { source, leftOut } = await readExamples(files, samples);
    expect((await source.item(1)).length).toBe(RATE_HZ);
    expect(leftOut).toEqual(["set/beside.wav"]);
    const shorter = await readExamples(files.slice(0, 2), samples, { samples: 40 });
    expect((await shorter.source.item(0)).length).toBe(40);
  });

  it.each([
    ["a folder that is no label", "set/maybe/a.wav", /^set\/maybe: is no label .* has yes, no$/],
    ["another kind of file", "set/no/a.txt", /^set\/no\/a\.txt: expected a clip: \.wav or \.flac$/],
    ["a folder in a folder", "set/no/old/a.wav", /^set\/no\/old\/a\.wav: expected a clip/],
  ])("refuse %s beside them", async (_, path, message) => {
    const files = [clip("set/yes/a.wav", 30, 0), clip(path, 30, 0)];
    await expect(readExamples(files, samples)).rejects.toThrow(message);
  });

  it("that are too long, or of another rate, are named when they are read", async () => {
    const { source } = await readExamples([clip("yes/a.wav", 101, 0)], samples);
    await expect(inputOf({ source })).rejects.toThrow(
      /^yes\/a\.wav: .* at most 100 samples \(one second\), got 101$/,
    );
    const flac = await readExamples([file("a.flac", FLAC)], samples);
    await expect(inputOf(flac)).rejects.toThrow(/^a\.flac: .*audio at 100 Hz in 1 channel/);
  });
});

describe("evenly", () => {
  it("takes all of few and some of many", async () => {
    const source = { count: 10, item: (index: number) => Int32Array.of(index) };
    const taken = (most?: number) => {
      const { count, item } = evenly(source, most);
      return Promise.all(Array.from({ length: count }, async (_, i) => (await item(i))[0]));
    };
    expect(await taken()).toHaveLength(10);
    expect(await taken(4)).toEqual([0, 2, 5, 7]);
  });
});
