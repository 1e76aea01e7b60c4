/** README.md and docs are run: their samples, figures, options and links. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeNpy } from "../../ts/checkpoint/index.js";
import { json, root } from "../cli/support.js";

const readme = readFileSync(join(root, "README.md"), "utf8");
const paper = join(root, "../shared/data/paper_kws10");

describe("README.md", () => {
  it("has a sample that runs, and gives the bits of `mambalite run`", () => {
    const sample = /```js\n([\s\S]*?)```/.exec(readme)?.[1] as string;
    // Inside the checkout, so that the package finds itself by name.
    const path = join(root, "build/readme-sample.mjs");
    const shown = "console.log(logitsOf(session.finish())); // the same";
    const show = "console.log(JSON.stringify([...logitsOf(session.finish())])); // the same";
    expect(sample).toContain(shown);
    writeFileSync(path, sample.replace(shown, show));
    const [bytes, logits] = execFileSync(process.execPath, [path], { cwd: root, encoding: "utf8" })
      .trim()
      .split("\n");
    const kws = ["kws", "--input", "ts/models/kws/yes.wav"];
    expect(JSON.parse(logits as string)).toEqual(json(["run", ...kws]).results[0].logits);
    expect(bytes).toBe(`${json(["profile", ...kws]).plan.arenaBytes} bytes of RAM`);
  });

  it("points to docs/quantize.md, whose sample makes the blob of `mambalite quantize`", () => {
    const docs = readFileSync(join(root, "docs/quantize.md"), "utf8");
    const sample = /```js\n([\s\S]*?)```/.exec(docs)?.[1] as string;
    const shown = "report.notes);";
    expect(sample).toContain(shown);
    const path = join(root, "build/quantize-sample.mjs");
    writeFileSync(path, sample.replace(shown, "JSON.stringify(report.notes));"));
    const printed = execFileSync(process.execPath, [path], { cwd: root, encoding: "utf8" });
    const input = ["--inputs", "ts/models/har/walking.npy", "--state", "16"];
    const model = join(root, "build/quantize-sample.mlm");
    const report = json(["quantize", "har", "--type", "int", ...input, "-o", model]);
    const { crc32, after, notes } = report;
    const expected = [after.blobBytes, crc32, after.arenaBytes, JSON.stringify(notes)];
    expect(printed).toBe(`${expected.join(" ")}\n`);
  });

  it("points to docs/detect.md, whose sample hears nothing in a second of silence", () => {
    const docs = readFileSync(join(root, "docs/detect.md"), "utf8");
    const path = join(root, "build/detect-sample.mjs");
    writeFileSync(path, /```js\n([\s\S]*?)```/.exec(docs)?.[1] as string);
    const printed = execFileSync(process.execPath, [path], { cwd: root, encoding: "utf8" });
    const silence = join(root, "build/detect-silence.npy");
    writeFileSync(silence, writeNpy(new Float32Array(16000), [16000]));
    const { answers, arenaBytes } = json(["detect", "kws", "--input", silence, "--json"]);
    expect(printed).toBe(`[] ${answers} ${arenaBytes}\n`);
  });

  it("points to docs/typescript.md, whose sample says what `mambalite profile` does", () => {
    const docs = readFileSync(join(root, "docs/typescript.md"), "utf8");
    const path = join(root, "build/typescript-sample.mjs");
    writeFileSync(path, /```js\n([\s\S]*?)```/.exec(docs)?.[1] as string);
    const printed = execFileSync(process.execPath, [path], { cwd: root, encoding: "utf8" });
    const { boards } = json(["profile", "kws", "--quick"]);
    const lines = boards.map(
      ({ id, fits, time }: { id: string; fits: boolean; time?: { ms: number } }) =>
        `${id} ${fits} ${time?.ms}`,
    );
    expect(printed.trim().split("\n")).toEqual(lines);
  });

  it("shows what the commands print, and so do the docs", () => {
    execFileSync(process.execPath, ["scripts/docs.mjs", "--check"], { cwd: root, stdio: "pipe" });
  });

  it("points to docs/models.md, with the table that was measured and the arenas of the plans", () => {
    const args = ["scripts/models/table.mjs", "--check"];
    execFileSync(process.execPath, args, { cwd: root, stdio: "pipe" });
  });

  it("links to files that exist, as the docs do", () => {
    const pages = readdirSync(join(root, "docs")).map((name) => `docs/${name}`);
    for (const page of [
      "README.md",
      "CONTRIBUTING.md",
      ...pages.filter((name) => name.endsWith(".md")),
    ]) {
      const text = readFileSync(join(root, page), "utf8");
      for (const [, link] of text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
        expect(existsSync(join(root, dirname(page), link as string)), `${page}: ${link}`).toBe(
          true,
        );
      }
    }
  });

  it.skipIf(!existsSync(paper))(
    "points to docs/results.md, with the figures of ../shared/data/paper_kws10",
    () => {
      const report = json(["compare", join(paper, "model.pth"), "--golden", paper]);
      const [max, mean] = [report.maxRelative, report.meanRelative].map((e) => e.toExponential(1));
      const results = readFileSync(join(root, "docs/results.md"), "utf8");
      expect(results.replace(/\s+/g, " ")).toContain(
        `on 65 inputs: max ${max}, mean ${mean}, ${report.sameClasses} of 65 classes equal`,
      );
    },
  );
});
