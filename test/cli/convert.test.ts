import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
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

function filesBeside(path: string): string[] {
  return readdirSync(dirname(path)).sort();
}

describe("convert", () => {
  it("writes a blob that gives the same bits as the checkpoint", () => {
    const model = temporary("model.mlm");
    const report = json(["convert", ...harCheckpoint, "-o", model]);
    expect(report).toMatchObject({ output: model, format: "safetensors", convention: "stack" });
    expect(report.blobBytes).toBe(statSync(model).size);
    const run = (...path: string[]) => json(["run", ...path, "--input", harInput]);
    expect(run(model)).toEqual(run(...harCheckpoint));
  });

  it("writes the same bytes every time, and over an older file", () => {
    const model = temporary("again.mlm");
    writeFileSync(model, "something older");
    output(["convert", ...harCheckpoint, "-o", model]);
    const first = readFileSync(model);
    output(["convert", ...harCheckpoint, "-o", model]);
    expect(readFileSync(model).equals(first)).toBe(true);
  });

  it("takes an arch file", () => {
    const folder = golden("arch_two_branches_d7_t37");
    const model = temporary("branches.mlm");
    const args = ["convert", `${folder}/model.safetensors`, "-o", model];
    expect(failure(args)).toMatch(/bad checkpoint/);
    expect(existsSync(model)).toBe(false);
    output([...args, "--arch", `${folder}/arch.json`]);
    expect(existsSync(model)).toBe(true);
  });

  it("writes through a symbolic link", () => {
    writeFileSync(temporary("target.mlm"), "old");
    symlinkSync(temporary("target.mlm"), temporary("link.mlm"));
    output(["convert", ...harCheckpoint, "-o", temporary("link.mlm")]);
    expect(statSync(temporary("target.mlm")).size).toBeGreaterThan(50_000);
  });

  it("leaves nothing behind when it fails", () => {
    mkdirSync(temporary("clean"));
    const model = join(temporary("clean"), "model.mlm");
    const bytes = readFileSync(harCheckpoint[0]);
    writeFileSync(temporary("cut.safetensors"), bytes.subarray(0, 5000));
    failure(["convert", temporary("cut.safetensors"), "-o", model]);
    expect(filesBeside(model)).toEqual([]);
    writeFileSync(model, "precious");
    failure(["convert", temporary("cut.safetensors"), "-o", model]);
    expect(readFileSync(model, "utf8")).toBe("precious");
    expect(filesBeside(model)).toEqual(["model.mlm"]);
  });

  it("refuses outputs that it could not or must not write", () => {
    const copy = temporary("copy.safetensors");
    writeFileSync(copy, readFileSync(harCheckpoint[0]));
    linkSync(copy, temporary("same.safetensors"));
    mkdirSync(temporary("folder"));
    const attempts: [string, RegExp][] = [
      [temporary("folder"), /is a directory/],
      [temporary("nowhere/model.mlm"), /no such file or directory/],
      [join(copy, "model.mlm"), /not a directory/],
      [copy, /is the file it would be made from/],
      [temporary("same.safetensors"), /is the file it would be made from/],
      ["/dev/null", /not a regular file/],
      ["", /not a file name|no such file/],
    ];
    for (const [path, expected] of attempts) {
      expect(failure(["convert", copy, "-o", path])).toMatch(expected);
    }
    expect(readFileSync(copy).equals(readFileSync(harCheckpoint[0]))).toBe(true);
    expect(readdirSync(temporary("folder"))).toEqual([]);
  });

  it("refuses windows of what does not run for ever", () => {
    for (const name of ["--window", "--hop"]) {
      expect(failure(["convert", "kws", name, "50", "-o", temporary("w.mlm")])).toMatch(
        `${name}: expected --running with it, got none`,
      );
    }
    expect(existsSync(temporary("w.mlm"))).toBe(false);
  });

  it("refuses a blob, and needs an output", () => {
    expect(failure(["convert", har, "-o", temporary("x.mlm")])).toMatch(/checkpoint: expected/);
    expect(failure(["convert", ...harCheckpoint])).toMatch(/required option '-o, --output <file>'/);
    expect(existsSync(temporary("x.mlm"))).toBe(false);
  });
});
