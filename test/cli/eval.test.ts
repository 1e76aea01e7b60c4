import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readAudio } from "../../ts/audio/index.js";
import { writeNpy } from "../../ts/checkpoint/index.js";
import {
  bundled,
  failure,
  golden,
  har,
  harInput,
  json,
  kwsCheckpoint,
  output,
  spotter,
  spotterInput,
  temporaryFolder,
} from "./support.js";

const temporary = temporaryFolder();
const SECOND = 16_000;
const LABELS = ["down", "off", "on", "stop", "up", "yes", "_unknown_", "_silence_"];

/** A 16-bit mono WAV file of these samples. */
function wav(samples: Float32Array, rateHz = SECOND): Uint8Array {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write("RIFF____WAVEfmt ", "latin1");
  bytes.writeUInt32LE(bytes.length - 8, 4);
  for (const [at, value] of [
    [16, 16],
    [20, 0x10001],
    [24, rateHz],
    [28, 2 * rateHz],
    [32, 0x100002],
    [40, 2 * samples.length],
  ] as const) {
    bytes.writeUInt32LE(value, at);
  }
  bytes.write("data", 36, "latin1");
  for (const [i, value] of samples.entries()) bytes.writeInt16LE(value * 32768, 44 + 2 * i);
  return bytes;
}

function example(word: string): Float32Array {
  return readAudio(new Uint8Array(readFileSync(bundled("kws", `${word}.wav`))), SECOND);
}

function write(path: string, bytes: Uint8Array): string {
  mkdirSync(dirname(temporary(path)), { recursive: true });
  writeFileSync(temporary(path), bytes);
  return temporary(path);
}

function writeArray(path: string, data: Float32Array | Int32Array, shape: number[]): string {
  return write(path, writeNpy(data, shape));
}

/** By label, then by name, as `eval` takes them: samples, and the label's index. */
const items: { readonly samples: Float32Array; readonly label: number }[] = [];

/** Three words, whole and cut short; one of them in the wrong folder. */
beforeAll(() => {
  for (const [folder, word] of [
    ["on", "on"],
    ["stop", "stop"],
    ["up", "on"],
    ["yes", "yes"],
  ] as const) {
    for (const [name, length] of Object.entries({ a: SECOND, b: 12_000, c: 9_000 })) {
      const samples = example(word).slice(0, length);
      write(`set/${folder}/${name}.wav`, wav(samples));
      items.push({ samples, label: LABELS.indexOf(folder) });
    }
  }
  write("set/yes/.hidden", new Uint8Array(1));
  write("set/LICENSE", new Uint8Array(1));
  mkdirSync(temporary("set/off"));
});

/** The same items as .npy files. */
function arrays(): { inputs: string; labels: string } {
  const inputs = new Float32Array(items.length * SECOND);
  for (const [i, { samples }] of items.entries()) inputs.set(samples, i * SECOND);
  const labels = Int32Array.from(items, ({ label }) => label);
  return {
    inputs: writeArray("inputs.npy", inputs, [items.length, SECOND]),
    labels: writeArray("labels.npy", labels, [items.length]),
  };
}

/** What `run` makes of them, as a .npy of logits. */
function logitsOf(inputs: string, name: string, order = (i: number) => i): string {
  const { results } = json(["run", "kws", "--input", inputs]);
  const rows = results.map((_: unknown, i: number) => results[order(i)].logits);
  return writeArray(name, Float32Array.from(rows.flat()), [rows.length, LABELS.length]);
}

describe("eval", () => {
  it("counts what is taken for what in a folder of clips", () => {
    const report = json(["eval", "kws", "--dataset", temporary("set")]);
    expect(Object.keys(report)).toEqual(["items", "correct", "accuracy", "labels", "confusion"]);
    expect(report).toMatchObject({ items: items.length, labels: LABELS });
    expect(report.accuracy).toBe(report.correct / report.items);
    const perLabel = report.confusion.map((row: number[]) => row.reduce((a, b) => a + b));
    expect(perLabel).toEqual([0, 0, 3, 3, 3, 3, 0, 0]);
    const [on, up, yes] = [2, 4, 5];
    expect(report.confusion[yes][yes]).toBeGreaterThan(0);
    expect(report.confusion[up][up]).toBe(0);
    expect(report.confusion[up]).toEqual(report.confusion[on]);
  });

  it("gives the same for arrays, for any number of threads and any way of running it", () => {
    const { inputs, labels } = arrays();
    const expected = json(["eval", "kws", "--dataset", temporary("set")]);
    for (const args of [
      ["--dataset", temporary("set"), "--jobs", "1"],
      ["--dataset", temporary("set"), "--jobs", "3", "--simd", "off"],
      ["--dataset", temporary("set"), "--samples", "16000", "--tile", "7"],
      ["--inputs", inputs, "--labels", labels, "--jobs", "2"],
      ["--inputs", inputs, "--labels", labels, "--jobs", "1", "--schedule", "layer"],
    ]) {
      expect(json(["eval", "kws", ...args])).toEqual(expected);
    }
  });

  it("compares with a reference's logits", () => {
    const { inputs, labels } = arrays();
    const same = logitsOf(inputs, "logits.npy");
    const args = ["eval", "kws", "--inputs", inputs, "--labels", labels, "--reference"];
    expect(json([...args, same])).toMatchObject({
      disagreements: 0,
      error: { meanRelative: 0, maxRelative: 0 },
    });
    const moved = logitsOf(inputs, "moved.npy", (i) => (i + 3) % items.length);
    const report = json([...args, moved]);
    expect(report.disagreements).toBeGreaterThan(3);
    expect(report.error.maxRelative).toBeGreaterThan(report.error.meanRelative);
    const one = json(["eval", "kws", "--dataset", temporary("set"), "--reference", moved]);
    const several = [...args, moved, "--jobs", "4"];
    expect(json(several)).toEqual(one);
  });

  it("prints classes, confusions and the reference for a person", () => {
    const { inputs, labels } = arrays();
    const args = ["--inputs", inputs, "--labels", labels];
    const reference = ["--reference", logitsOf(inputs, "logits.npy")];
    const text = output(["eval", "kws", ...args, ...reference]);
    expect(text).toMatch(/^kws: \d+\.\d\d % right, \d+ of 12 items$/m);
    expect(text).toMatch(/^ {2}stop +3 +3 +100\.0 % /m);
    expect(text).toMatch(/^ +4 {2}stop( +·){3} +3( +·){4}$/m);
    expect(text).toMatch(/class differs in 0 of 12 items/);
    expect(output(["eval", "kws", ...args])).not.toMatch(/REFERENCE/);
  });

  it("takes a checkpoint with its front end, and the names beside the classes", () => {
    const { inputs, labels } = arrays();
    const args = ["--inputs", inputs, "--labels", labels];
    expect(json(["eval", ...kwsCheckpoint, ...args])).toEqual(json(["eval", "kws", ...args]));
  });

  it("numbers the classes of a model without labels", () => {
    const labels = writeArray("two.npy", Int32Array.of(3, 9), [2]);
    const report = json(["eval", spotter, "--inputs", spotterInput, "--labels", labels]);
    expect(report.labels).toEqual(Array.from({ length: 10 }, (_, i) => String(i)));
    expect(report.items).toBe(2);
    expect(failure(["eval", spotter, "--dataset", temporary("set")])).toMatch(/takes samples/);
  });
});

describe("eval refuses", () => {
  const dataset = (folder: string, ...more: string[]) =>
    failure(["eval", "kws", "--dataset", temporary(folder), ...more]);

  it("combinations of options that say too little or too much", () => {
    const { inputs, labels } = arrays();
    const mistakes: [string[], RegExp][] = [
      [[], /--inputs with --labels, or --dataset, got neither/],
      [["--inputs", inputs], /--inputs without --labels/],
      [["--dataset", temporary("set"), "--inputs", inputs], /got --inputs and --dataset/],
      [["--dataset", temporary("set"), "--labels", labels], /got --dataset with --labels/],
      [["--inputs", inputs, "--labels", labels, "--labels", labels], /one \.npy of classes/],
      [["--inputs", inputs, "--labels", labels, "--samples", "16000"], /--samples: expected/],
      [["--dataset", temporary("set"), "--samples", "399"], /at least 400, a window, got 399/],
      [["--dataset", temporary("set"), "--jobs", "0"], /--jobs: expected a whole number/],
      [["--dataset", temporary("nowhere")], /nowhere: is not a folder/],
    ];
    for (const [args, expected] of mistakes) {
      expect(failure(["eval", "kws", ...args])).toMatch(expected);
    }
  });

  it("classes and references that do not belong to the inputs", () => {
    const labels = (name: string, data: Float32Array | Int32Array, shape: number[]) =>
      failure(["eval", har, "--inputs", harInput, "--labels", writeArray(name, data, shape)]);
    expect(labels("six.npy", Int32Array.of(6), [1])).toMatch(/six\.npy: .*0 to 5, got 6 at \[0\]/);
    expect(labels("minus.npy", Int32Array.of(-1), [1])).toMatch(/got -1 at \[0\]/);
    expect(labels("more.npy", Int32Array.of(0, 1), [2])).toMatch(
      /classes \[1\], got integer \[2\]/,
    );
    const text = write("text.npy", new TextEncoder().encode("0\n1\n"));
    expect(failure(["eval", har, "--inputs", harInput, "--labels", text])).toMatch(
      /text\.npy: not a valid npy file: .*plain text/,
    );
    expect(labels("float.npy", Float32Array.of(0), [1])).toMatch(/got floating-point \[1\]/);
    const classes = writeArray("zero.npy", Int32Array.of(0), [1]);
    const reference = golden("trained/har.logits.npy");
    const args = ["--inputs", harInput, "--labels", classes, "--reference", reference];
    expect(failure(["eval", har, ...args])).toMatch(/logits \[1, 6\], got \[2947, 6\]/);
  });

  it("a folder that no label names, and one without clips", () => {
    write("strange/yes/a.wav", wav(example("yes")));
    write("strange/no/a.wav", wav(example("yes")));
    expect(dataset("strange")).toMatch(
      /strange\/no: is no label of the model, which has down, off/,
    );
    mkdirSync(temporary("empty/yes"), { recursive: true });
    expect(dataset("empty")).toMatch(/empty: has no clips in folders named down, off/);
  });

  it("what is no regular file, instead of waiting for it", () => {
    write("pipe/on/a.wav", wav(example("on")));
    spawnSync("mkfifo", [temporary("pipe/on/b.wav")]);
    expect(dataset("pipe")).toMatch(/pipe\/on\/b\.wav: is not a regular file/);
  });

  it("names that are not UTF-8, by name", () => {
    const named = (path: string) =>
      Buffer.concat([Buffer.from(temporary(path)), Buffer.from([0xff]), Buffer.from(".wav")]);
    write("bytes/on/a.wav", wav(example("on")));
    writeFileSync(named("bytes/on/b"), wav(example("on")));
    expect(dataset("bytes")).toMatch(/on\/b\ufffd\.wav: no such file .* not UTF-8 .*: rename it/);
    write("strangers/on/a.wav", wav(example("on")));
    mkdirSync(named("strangers/no"));
    expect(dataset("strangers")).toMatch(/no\ufffd\.wav: is no label .* not UTF-8 .*: rename it/);
  });

  it("a clip that cannot be used, the first of several for any number of threads", () => {
    for (let i = 10; i < 60; i++) write(`broken/on/${i}.wav`, wav(example("on")));
    const broken: [string, Uint8Array, RegExp][] = [
      ["55.wav", wav(example("on"), 8_000), /16000 Hz in 1 channel, got 8000 Hz/],
      [
        "40.wav",
        wav(new Float32Array(SECOND + 1)),
        /at most 16000 samples \(--samples\), got 16001/,
      ],
      ["30.flac", new TextEncoder().encode("fLaC"), /30\.flac: not a valid flac file: .*cut short/],
      ["20.wav", wav(example("on")).subarray(0, 900), /20\.wav: not a valid wav file: .*cut short/],
    ];
    for (const [name, bytes, expected] of broken) {
      write(`broken/on/${name}`, bytes);
      for (const jobs of ["1", "4"]) {
        const line = dataset("broken", "--jobs", jobs);
        expect(line).toMatch(expected);
        expect(line).toContain(`broken/on/${name}`);
      }
    }
    write("broken/on/09.mp3", new Uint8Array(1));
    expect(dataset("broken")).toMatch(/09\.mp3: expected a clip: \.wav or \.flac/);
  });
});
