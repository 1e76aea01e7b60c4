/** What commands say of networks with several outputs, rows over time, and whole sequences. */
import { mkdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { writeNpy } from "../../ts/checkpoint/index.js";
import { createBlob, Engine, type Outputs } from "../../ts/node.js";
import { NetworkMaker, paperNetwork } from "../unit/core/networks.js";
import { GRAPHS, WIDTH } from "../unit/graph/graphs.js";
import { failure, har, json, mambalite, output, temporaryFolder } from "./support.js";

const FRAMES = 12;
const ITEMS = 2;
const temporary = temporaryFolder();
const heads = temporary("heads.mlm");
const reversed = temporary("reversed.mlm");
const input = temporary("input.npy");
const data = new NetworkMaker(21).frames(ITEMS * FRAMES, WIDTH);
const length = FRAMES * WIDTH;
let expected: Outputs[];

beforeAll(async () => {
  const engine = await Engine.load();
  const assumptions = ["The mean of all rows."];
  const twoHeads = { ...GRAPHS["two heads, one of every row"]!, assumptions };
  const blob = await createBlob(engine, twoHeads);
  writeFileSync(heads, blob);
  const whole = GRAPHS["a bidirectional block with a residual"]!;
  writeFileSync(reversed, await createBlob(engine, whole));
  writeFileSync(input, writeNpy(data, [ITEMS, FRAMES, WIDTH]));
  const session = (await engine.loadModel(blob)).createSession();
  expected = [0, 1].map((i) => session.run(data.subarray(i * length, (i + 1) * length)));
});

function bits(values: Float32Array): string[] {
  return Array.from(new Uint32Array(values.buffer), (word) => word.toString(16).padStart(8, "0"));
}

/** A folder with the input and what was expected, a file an output. */
function goldenFolder(name: string, change = (values: Float32Array) => values): string {
  const folder = temporary(name);
  mkdirSync(folder);
  writeFileSync(`${folder}/input.npy`, writeNpy(data, [ITEMS, FRAMES, WIDTH]));
  for (const [i, { name: outputName, shape }] of expected[0]!.entries()) {
    const all = Float32Array.from(expected.flatMap((outputs) => [...outputs[i]!.data]));
    const values = i === 0 ? change(all) : all;
    writeFileSync(`${folder}/${outputName}.npy`, writeNpy(values, [ITEMS, ...shape]));
  }
  return folder;
}

describe("run", () => {
  it("prints every output with its shape and bits, and no class", () => {
    const { results } = json(["run", heads, "--input", input]);
    expect(results).toHaveLength(ITEMS);
    for (const [i, result] of results.entries()) {
      expect(Object.keys(result)).toEqual(["outputs"]);
      expect(Object.keys(result.outputs)).toEqual(["rows", "class", "body"]);
      for (const { name, shape, data: values } of expected[i]!) {
        expect(result.outputs[name]).toEqual({ shape, values: [...values], bits: bits(values) });
      }
    }
  });

  it("gives the same from many threads", () => {
    const args = ["run", heads, "--input", input];
    expect(json([...args, "--jobs", "2"])).toEqual(json(args));
  });

  it("shows a person the first of them", () => {
    const text = output(["run", heads, "--input", input]);
    expect(text).toMatch(/^input 0\n {2}rows \[12, 3\]\n {6}0 {2}/);
    expect(text).toContain("  class [4]\n");
    expect(text).toContain("--json prints all of it");
  });

  it("names the only output of a classifier as well", () => {
    const frames = new NetworkMaker(1).frames(128, 9);
    writeFileSync(temporary("har.npy"), writeNpy(frames, [128, 9]));
    const [result] = json(["run", har, "--input", temporary("har.npy")]).results;
    expect(Object.keys(result.outputs)).toEqual(["output"]);
    expect(result.outputs.output).toEqual({
      shape: [6],
      values: result.logits,
      bits: result.logitsBits,
    });
  });
});

describe("compare", () => {
  it("takes a folder with a file an output, or the files", () => {
    const folder = goldenFolder("golden");
    const report = json(["compare", heads, "--golden", folder]);
    expect(report).toMatchObject({ maxRelative: 0, sameClasses: null });
    expect(Object.keys(report.outputs)).toEqual(["rows", "class", "body"]);
    expect(report.cases[1]).toMatchObject({ maxRelative: 0, classIndex: null });
    const files = ["class", "input", "body", "rows"].map((name) => `${folder}/${name}.npy`);
    expect(json(["compare", heads, "--golden", ...files])).toEqual(report);
    const text = output(["compare", heads, "--golden", folder]);
    expect(text).toMatch(/^within 2.00e-6: 2 cases, .* of the largest \|value\|\n/);
    expect(text).toMatch(/output +shape +max error +mean error\n +rows +\[12, 3\] +0\.00e\+0/);
  });

  it("says which output departs", () => {
    const folder = goldenFolder("moved", (values) => values.map((v, i) => (i === 40 ? v + 1 : v)));
    const { code, stderr } = mambalite(["compare", heads, "--golden", folder]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/of the largest \|value\| in case 1 of output rows, tolerance/);
  });

  it("names the file that is missing, and the shape that is wrong", () => {
    const folder = temporary("incomplete");
    mkdirSync(folder);
    writeFileSync(`${folder}/input.npy`, writeNpy(data, [ITEMS, FRAMES, WIDTH]));
    expect(failure(["compare", heads, "--golden", folder])).toContain(
      "expected rows_float64.npy or rows.npy or rows_float32.npy",
    );
    expect(failure(["compare", heads, "--golden", input, input])).toContain(
      "an input and rows.npy, class.npy, body.npy",
    );
    const wrong = goldenFolder("wrong");
    writeFileSync(`${wrong}/rows.npy`, writeNpy(new Float32Array(30), [2, 5, 3]));
    expect(failure(["compare", heads, "--golden", wrong])).toMatch(
      /rows\.npy: .*expected rows \[2, 12, 3\], got \[2, 5, 3\]/,
    );
  });
});

describe("eval", () => {
  it("wants classes as the first output", () => {
    writeFileSync(temporary("classes.npy"), writeNpy(Int32Array.of(0, 0), [2]));
    const args = ["eval", heads, "--inputs", input, "--labels", temporary("classes.npy")];
    expect(failure(args)).toContain("expected logits of classes, got rows over time");
  });
});

describe("inspect", () => {
  it("lists outputs and assumptions", () => {
    const report = json(["inspect", heads]);
    expect(report.assumptions).toEqual(["The mean of all rows."]);
    expect(report.model.outputs.map(({ name }: { name: string }) => name)).toEqual([
      "rows",
      "class",
      "body",
    ]);
    expect(report.model.logits).toBeUndefined();
    const text = output(["inspect", heads]);
    expect(text).toMatch(/output +rows: rows of 3 over time\n +class: 4 elements\n/);
    expect(text).toContain("ASSUMPTIONS\n  The mean of all rows.\n");
    expect(text).toMatch(/look-ahead +its last rows come at the end\n/);
    expect(text).not.toMatch(/stage/);
    expect(output(["inspect", reversed])).toMatch(/flip +reverse +1 +6 +1 /);
  });

  it("lists rates, where there is more than one", async () => {
    const path = temporary("unet.mlm");
    const network = GRAPHS["a U-net at half the rate, with a skip"]!;
    writeFileSync(path, await createBlob(await Engine.load(), network));
    const { ops } = json(["inspect", path]);
    const middle = ops.find(({ name }: { name: string }) => name === "middle");
    expect(middle).toMatchObject({ kind: "conv1d", rate: { rows: 1, frames: 2 }, stage: 0 });
    expect(output(["inspect", path])).toMatch(/middle +conv1d +.* 1\/2 +/);
  });

  it("says for which lengths a network is defined", async () => {
    const path = temporary("limited.mlm");
    const network = { ...paperNetwork(), minFrames: 4, maxFrames: 60 };
    writeFileSync(path, await createBlob(await Engine.load(), network));
    expect(output(["inspect", path])).toMatch(/length +4 to 60 frames\n/);
    expect(json(["profile", path]).frames).toBe(60);
    expect(failure(["profile", path, "--frames", "3"])).toContain("4 to 60 frames");
  });
});

describe("profile", () => {
  it("says which op needs the whole sequence, and what that costs", () => {
    const report = json(["profile", reversed, "--frames", "50"]);
    const { plan, wholeSequence } = report;
    expect(wholeSequence).toEqual({
      forcedBy: ["flip", "flip_back"],
      growsWithSquare: [],
      maxFrames: 50,
      bytes: plan.wholeBytes,
      arenaBytesWithout: plan.arenaBytes - plan.wholeBytes,
    });
    const text = output(["profile", reversed, "--frames", "50"]);
    expect(text).toMatch(
      /flip, flip_back need the whole sequence: for up to 50 frames [0-9,]+ bytes of the arena/,
    );
    expect(text).toMatch(/scratch, whole/);
    expect(json(["profile", heads]).wholeSequence).toBeUndefined();
  });
});
