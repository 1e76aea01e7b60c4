import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readNpyFloat64, writeNpy } from "../../ts/checkpoint/index.js";
import { failure, golden, json, mambalite, output, temporaryFolder } from "./support.js";

const temporary = temporaryFolder();
const folder = golden("paper_d64_t100");
const model = `${folder}/model.safetensors`;
const traced = golden("stack_rms_d7_l2_t37");

/** The reference's logits with one of them moved by a share of the largest of its case. */
function movedLogits(name: string, share: number): string {
  const { data, shape } = readNpyFloat64(readFileSync(`${folder}/logits_float64.npy`));
  const width = shape[1] as number;
  const largest = Math.max(...data.subarray(width).map(Math.abs));
  data[width + 3] = (data[width + 3] as number) + share * largest;
  writeFileSync(temporary(name), writeNpy(data, shape));
  return temporary(name);
}

describe("compare", () => {
  it("reports every case of a folder", () => {
    const report = json(["compare", model, "--golden", folder]);
    expect(report.cases).toHaveLength(2);
    expect(report.sameClasses).toBe(2);
    expect(report.tolerance).toBe(2e-6);
    expect(report.maxRelative).toBeLessThan(2e-6);
    expect(report.maxRelative).toBe(
      Math.max(...report.cases.map((c: { maxRelative: number }) => c.maxRelative)),
    );
    expect(output(["compare", model, "--golden", folder])).toMatch(/^within 2.00e-6: 2 cases, /);
  });

  it("takes the files themselves, in any order", () => {
    const files = [`${folder}/logits_float64.npy`, `${folder}/input.npy`];
    const expected = json(["compare", model, "--golden", folder]);
    expect(json(["compare", model, "--golden", ...files])).toEqual(expected);
    expect(json(["compare", model, "--golden", ...files.reverse()])).toEqual(expected);
  });

  it("fails with the table, and in one line with the case and the error, beyond the tolerance", () => {
    const files = [`${folder}/input.npy`, movedLogits("logits_moved.npy", 1e-4)];
    const { table, line } = failureWithTable(["compare", model, "--golden", ...files]);
    expect(table).toMatch(/^beyond 2\.00e-6: 2 cases, max error 1\.00e-4/);
    expect(table).toMatch(/^ +1 +1\.00e-4/m);
    expect(line).toMatch(
      /max error 1\.00e-4 of the largest \|logit\| in case 1, tolerance 2\.00e-6/,
    );
    const report = json(["compare", model, "--golden", ...files, "--tolerance", "2e-4"]);
    expect(report.cases[1].maxRelative).toBeCloseTo(1e-4, 6);
    const strict = failureWithTable(["compare", model, "--golden", folder, "--tolerance", "0"]);
    expect(strict.line).toMatch(/tolerance 0/);
    const { stdout, code } = mambalite(["compare", model, "--golden", ...files, "--json"]);
    expect([JSON.parse(stdout).isWithin, code]).toEqual([false, 1]);
  });

  it("compares every operator with a trace", () => {
    const { trace } = json(["compare", `${traced}/model.safetensors`, "--golden", traced]);
    expect(trace.firstDeparture).toBeNull();
    expect(trace.operators.length).toBeGreaterThanOrEqual(20);
    for (const { name, maxRelative } of trace.operators) {
      expect(maxRelative, name).toBeLessThan(trace.tolerance);
    }
    expect(trace.notCompared.join()).not.toMatch(/npy/);
  });

  it("does so with every schedule and tile", () => {
    const args = ["compare", `${traced}/model.safetensors`, "--golden", traced];
    const { operators } = json(args).trace;
    for (const options of [
      ["--tile", "5"],
      ["--schedule", "layer"],
      ["--schedule", "unfused"],
    ]) {
      expect(json([...args, ...options]).trace.operators).toEqual(operators);
    }
  });

  it("names the first operator that departs, and warns of the trace where the outputs agree", () => {
    const trace = `${traced}/trace`;
    const name = "12_layers.1.mixer.x_proj.npy";
    const { data, shape } = readNpyFloat64(readFileSync(`${trace}/${name}`));
    data[40] = (data[40] as number) + 1;
    const changed = temporaryTrace(name, writeNpy(data, shape));
    const files = [`${traced}/input.npy`, `${traced}/logits_float64.npy`, changed];
    const args = ["compare", `${traced}/model.safetensors`, "--golden", ...files];
    expect(output(args)).toMatch(
      /^warning: the outputs agree, but not the trace, first at layers\.1\.mixer\.x_proj: /m,
    );
    expect(json(args)).toMatchObject({ isWithin: true, warning: expect.stringMatching(/x_proj/) });
    const { line } = failureWithTable([...args, "--tolerance", "0"]);
    expect(line).toMatch(/first operator that departs: layers\.1\.mixer\.x_proj$/);
  });

  it("refuses a trace that names none of the model's operators", () => {
    const { data, shape } = readNpyFloat64(
      readFileSync(`${traced}/trace/12_layers.1.mixer.x_proj.npy`),
    );
    const strange = temporaryTrace("0_somebody.else.npy", writeNpy(data, shape), "strange");
    const files = [`${traced}/input.npy`, `${traced}/logits_float64.npy`, strange];
    expect(failure(["compare", `${traced}/model.safetensors`, "--golden", ...files])).toMatch(
      /expected a trace of this model's operators \(linear_in, .*\), got .* \(somebody\.else\)/,
    );
  });

  it("takes tolerances that are written as decimal numbers only", () => {
    const args = ["compare", model, "--golden", folder];
    for (const option of ["--tolerance", "--trace-tolerance"]) {
      for (const text of ["Infinity", "NaN", "0x10", "0b1", "1e999", "", " 1", "1_0", "+1", "-0"]) {
        expect(failure([...args, option, text])).toMatch(
          new RegExp(`${option}: expected a finite decimal number, 0 or greater, got "`),
        );
      }
    }
    for (const text of ["1", "1.", ".5", "1e-2", "1.5E+3"]) {
      expect(json([...args, "--tolerance", text]).tolerance).toBe(Number(text));
    }
  });

  it("reads regular files of a folder only", () => {
    mkdirSync(temporary("pipes"));
    writeFileSync(temporary("pipes/input.npy"), readFileSync(`${folder}/input.npy`));
    spawnSync("mkfifo", [temporary("pipes/logits.npy")]);
    expect(failure(["compare", model, "--golden", temporary("pipes")])).toMatch(
      /logits\.npy: is not a regular file/,
    );
  });

  it("refuses references that do not belong to the model", () => {
    const args = ["compare", model, "--golden"];
    expect(failure([...args, traced])).toMatch(/\[T, 40\]/);
    expect(failure([...args, `${folder}/nothing`])).toMatch(/--golden/);
    expect(failure([...args, `${traced}/trace`])).toMatch(/input\.npy or inputs\.npy/);
    const swapped = [`${folder}/input.npy`, `${traced}/logits_float64.npy`];
    expect(failure([...args, ...swapped])).toMatch(/logits \[2, 10\], got \[1, 2\]/);
    expect(failure(["compare", model])).toMatch(/--golden: expected a folder of references/);
    expect(failure([...args, folder, "--tolerance", "-1"])).toMatch(/--tolerance/);
  });
});

/** What a comparison that fails prints: its table, and one line of error. */
function failureWithTable(args: readonly string[]): { table: string; line: string } {
  const { code, stdout, stderr } = mambalite(args);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^mambalite: [^\n]+\n$/);
  return { table: stdout, line: stderr.trimEnd() };
}

/** A trace folder of one file. */
function temporaryTrace(name: string, bytes: Uint8Array, folderName = "trace"): string {
  const path = temporary(folderName);
  mkdirSync(path);
  writeFileSync(`${path}/${name}`, bytes);
  return path;
}
