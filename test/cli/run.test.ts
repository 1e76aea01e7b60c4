import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../ts/checkpoint/index.js";
import {
  failure,
  golden,
  har,
  harCheckpoint,
  harInput,
  json,
  output,
  temporaryFolder,
} from "./support.js";

const temporary = temporaryFolder();

function bitsOf(values: readonly number[]): string[] {
  return [...new Uint32Array(Float32Array.from(values).buffer)].map((word) =>
    word.toString(16).padStart(8, "0"),
  );
}

/** numpy.lib.format, version 1.0. */
function npy(descr: string, fortranOrder: string, shape: string, data: Uint8Array): Uint8Array {
  const dict = `{'descr': ${descr}, 'fortran_order': ${fortranOrder}, 'shape': ${shape}, }`;
  const header = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${dict.padEnd(117)}\n`, "latin1");
  return Buffer.concat([header, data]);
}

/** A file of `sequences` copies of HAR's example. */
function batch(name: string, sequences: number): string {
  const { data, shape } = readNpy(readFileSync(harInput));
  const all = new Float32Array(data.length * sequences);
  for (let i = 0; i < sequences; i++) all.set(data, i * data.length);
  writeFileSync(temporary(name), writeNpy(all, [sequences, ...shape]));
  return temporary(name);
}

describe("run", () => {
  it("prints results whose logits are the float32 values of their bits", () => {
    const report = json(["run", har, "--input", harInput]);
    expect(Object.keys(report)).toEqual(["results"]);
    expect(report.results).toHaveLength(1);
    const [result] = report.results;
    expect(Object.keys(result)).toEqual(["logits", "logitsBits", "classIndex", "label", "outputs"]);
    expect(result.logits).toHaveLength(6);
    expect(result.logitsBits).toEqual(bitsOf(result.logits));
    expect(result.logits.map(Math.fround)).toEqual(result.logits);
    expect(result.classIndex).toBe(result.logits.indexOf(Math.max(...result.logits)));
  });

  it("gives the same bits for the checkpoint, its blob, and every way of running it", () => {
    const expected = json(["run", har, "--input", harInput]);
    for (const options of [
      ["--schedule", "layer"],
      ["--schedule", "unfused"],
      ["--schedule", "stream", "--tile", "7"],
      ["--tile", "100"],
      ["--simd", "off"],
      ["--simd", "on"],
    ]) {
      expect(json(["run", ...harCheckpoint, "--input", harInput, ...options])).toEqual(expected);
    }
  });

  it("runs every sequence of a batch", () => {
    const [single] = json(["run", har, "--input", harInput]).results;
    const { results } = json(["run", har, "--input", batch("batch.npy", 20)]);
    expect(results).toEqual(Array(20).fill(single));
  });

  it("runs tokens, alone and in a batch", () => {
    const model = `${golden("lm_tied_d30_l2_t37")}/model.safetensors`;
    const tokens = Int32Array.from({ length: 12 }, (_, i) => (7 * i) % 50);
    writeFileSync(temporary("t.npy"), writeNpy(tokens, [12]));
    writeFileSync(temporary("nt.npy"), writeNpy(tokens, [2, 6]));
    expect(json(["run", model, "--input", temporary("t.npy")]).results).toHaveLength(1);
    expect(json(["run", model, "--input", temporary("nt.npy")]).results).toHaveLength(2);
  });

  it("names the class when labels are known, and takes the first of equal maxima", () => {
    const folder = golden("paper_d64_t100");
    const labels = Array.from({ length: 10 }, (_, i) => `word ${i}`);
    writeFileSync(temporary("arch.json"), JSON.stringify({ convention: "paper", labels }));
    const args = ["run", `${folder}/model.safetensors`, "--input", `${folder}/input.npy`];
    for (const result of json([...args, "--arch", temporary("arch.json")]).results) {
      expect(result.label).toBe(`word ${result.classIndex}`);
      expect(result.classIndex).toBe(result.logits.indexOf(Math.max(...result.logits)));
    }
  });

  it("prints a table for a person", () => {
    const text = output(["run", har, "--input", harInput]);
    const [result] = json(["run", har, "--input", harInput]).results;
    expect(text).toContain(`input 0: class ${result.classIndex} ${result.label}\n`);
    for (const bits of result.logitsBits) expect(text).toContain(bits);
  });

  it("reads float64, big-endian and Fortran order as the same values", () => {
    const { data } = readNpy(readFileSync(harInput));
    const expected = json(["run", har, "--input", harInput]);
    const columns = Float32Array.from(
      data,
      (_, i) => data[(i % 128) * 9 + Math.floor(i / 128)] ?? 0,
    );
    const swapped = Buffer.from(Float32Array.from(data).buffer).swap32();
    const files: [string, Uint8Array][] = [
      ["f8.npy", writeNpy(Float64Array.from(data), [128, 9])],
      ["fortran.npy", npy("'<f4'", "True", "(128, 9)", Buffer.from(columns.buffer))],
      ["big.npy", npy("'>f4'", "False", "(128, 9)", swapped)],
    ];
    for (const [name, bytes] of files) {
      writeFileSync(temporary(name), bytes);
      expect(json(["run", har, "--input", temporary(name)])).toEqual(expected);
    }
  });

  it("refuses NaN and infinity with their position, unless it is told not to", () => {
    const values = new Float32Array(2 * 3 * 9).fill(1);
    values[3 * 9 + 2 * 9 + 5] = Number.NaN;
    writeFileSync(temporary("nan.npy"), writeNpy(values, [2, 3, 9]));
    const args = ["run", har, "--input", temporary("nan.npy")];
    expect(failure(args)).toMatch(/NaN at \[1, 2, 5\]/);
    const [clean, dirty] = json([...args, "--allow-nonfinite"]).results;
    expect(clean.logits.every(Number.isFinite)).toBe(true);
    expect(dirty.classIndex).toBeNull();
    expect(dirty.logits).toEqual(Array(6).fill(null));
    expect(dirty.logitsBits).toHaveLength(6);
  });

  it("refuses shapes and element types that the model does not take", () => {
    const shapes: [string, Uint8Array, RegExp][] = [
      ["narrow", writeNpy(new Float32Array(8), [1, 8]), /\[T, 9\].*\[1, 8\]/],
      ["flat", writeNpy(new Float32Array(9), [9]), /\[T, 9\].*\[9\]/],
      ["deep", writeNpy(new Float32Array(9), [1, 1, 1, 9]), /\[1, 1, 1, 9\]/],
      ["empty", writeNpy(new Float32Array(0), [0, 9]), /at least one sequence/],
      ["none", writeNpy(new Float32Array(0), [0, 3, 9]), /at least one sequence/],
      ["integers", writeNpy(new Int32Array(9), [1, 9]), /got integer \[1, 9\]/],
    ];
    for (const [name, bytes, expected] of shapes) {
      writeFileSync(temporary(`${name}.npy`), bytes);
      expect(failure(["run", har, "--input", temporary(`${name}.npy`)])).toMatch(expected);
    }
  });

  it("refuses tokens outside the vocabulary, and numbers that are no tokens", () => {
    const model = `${golden("lm_tied_d30_l2_t37")}/model.safetensors`;
    writeFileSync(temporary("out.npy"), writeNpy(Int32Array.of(1, 50), [2]));
    expect(failure(["run", model, "--input", temporary("out.npy")])).toMatch(/0 to 49.*50/);
    writeFileSync(temporary("float.npy"), writeNpy(Float32Array.of(1, 2), [2]));
    expect(failure(["run", model, "--input", temporary("float.npy")])).toMatch(/integer tokens/);
  });
});
