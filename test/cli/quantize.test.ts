import { existsSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  bundled,
  failure,
  har,
  harCheckpoint,
  harInput,
  json,
  kws,
  kwsInput,
  output,
  temporaryFolder,
} from "./support.js";

const temporary = temporaryFolder();

/** Of f32's, with the rest of the blob as it was. */
const MOST_WEIGHTS = 0.4;
/** Of the largest logit; bytes are about 0.4 % off. */
const MOST_ERROR = 0.05;

describe("quantize --type w8", () => {
  it.each([
    ["har", har, harInput],
    ["kws", kws, kwsInput],
  ])("%s: a smaller blob of the same classes", (name, full, input) => {
    const model = temporary(`${name}.mlm`);
    const report = json(["quantize", name, "--type", "w8", "-o", model, "--inputs", input]);
    const { before, after, error } = report;
    expect(report).toMatchObject({ output: model, type: "w8" });
    expect(before.blobBytes).toBe(statSync(full).size);
    expect(after.blobBytes).toBe(statSync(model).size);
    expect(after.weightsBytes).toBeLessThan(MOST_WEIGHTS * before.weightsBytes);
    expect(error).toMatchObject({ items: 1, disagreements: 0 });
    expect(error.maxRelative).toBeGreaterThan(0);
    expect(error.maxRelative).toBeLessThan(MOST_ERROR);
    const label = (path: string) => json(["run", path, "--input", input]).label;
    expect(label(model)).toBe(label(full));
  });

  it.each(["standing", "laying", "walking"])("har, %s: the same class", (name) => {
    const input = bundled("har", `${name}.npy`);
    const model = temporary(`har-${name}.mlm`);
    output(["quantize", ...harCheckpoint, "--type", "w8", "-o", model]);
    expect(json(["run", model, "--input", input]).label).toBe(
      json(["run", har, "--input", input]).label,
    );
  });

  it("says bytes and error to a person, and the same bytes every time", () => {
    const model = temporary("text.mlm");
    const args = ["quantize", "har", "--type", "w8", "-o", model];
    const text = output([...args, "--inputs", harInput]);
    expect(text).toMatch(/^.*text\.mlm: w8, [\d,]+ bytes, CRC-32 [0-9a-f]{8}\n/);
    expect(text).toMatch(/weights +72,992 +[\d,]+ +\d+\.\d %/);
    expect(text).toContain("class differs in 0 of 1 item");
    const first = readFileSync(model);
    expect(output(args)).not.toContain("class differs");
    expect(readFileSync(model).equals(first)).toBe(true);
  });

  it("folds first where it is asked to, and keeps the record", () => {
    const model = temporary("folded.mlm");
    const folded = json(["quantize", "har", "--fold", "--type", "w8", "-o", model]);
    const plain = json(["quantize", "har", "--type", "w8", "-o", temporary("plain.mlm")]);
    expect(folded.after.weightsBytes).toBeLessThan(plain.after.weightsBytes);
    const { metadata } = json(["inspect", model]).model;
    expect(metadata).toMatchObject({ type: "w8" });
    expect(metadata.fold.after.weightsBytes).toBe(folded.after.weightsBytes);
  });

  it("other commands read it", () => {
    const model = temporary("read.mlm");
    output(["quantize", "har", "--type", "w8", "-o", model]);
    const { tensors } = json(["inspect", model]);
    expect(new Set(tensors.map(({ dtype }: { dtype: string }) => dtype))).toEqual(
      new Set(["f32", "i8"]),
    );
    expect(output(["inspect", model])).toMatch(/ i8 +panels/);
    const flash = (path: string) =>
      json(["profile", path, "--input", harInput, "--board", "esp32s3"]).flash.weightsBytes;
    expect(flash(model)).toBeLessThan(flash(har) / 2);
    output(["export", model, "--target", "cortex-m7", "-o", temporary("project")]);
    expect(existsSync(temporary("project"))).toBe(true);
  });

  it.each([
    ["no type", [], /required option '--type <name>'/],
    ["a type that there is not", ["--type", "w4"], /--type: expected one of w8, int, got "w4"/],
    ["both kinds of inputs", ["--type", "w8", "--inputs", harInput, "--dataset", "."], /got both/],
    ["samples of nothing", ["--type", "w8", "--samples", "9"], /--samples: expected --dataset/],
    ["what belongs to integers", ["--type", "w8", "--state", "16"], /--state: expected --type int/],
    ["inputs of another model", ["--type", "w8", "--inputs", kwsInput], /npy/],
  ])("refuses %s", (_, args, message) => {
    const model = temporary("refused.mlm");
    expect(failure(["quantize", "har", ...args, "-o", model])).toMatch(message);
    expect(existsSync(model)).toBe(false);
  });

  it("refuses a blob", () => {
    const model = temporary("again.mlm");
    expect(failure(["quantize", har, "--type", "w8", "-o", model])).toMatch(/a checkpoint/);
  });
});
