/**
 * The bundled models on every item of their test sets, from raw samples: the class that float32
 * PyTorch gives, plain and folded, the same bits with and without SIMD, accuracy.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DATA, hasData, readTestSet, type TestSet } from "../../scripts/models/test-sets.mjs";
import { readCheckpoint, toNetwork, writeNpy } from "../../ts/checkpoint/index.js";
import { createFoldedBlob } from "../../ts/fold/index.js";
import { readFrontEnd, withFrontEnd } from "../../ts/frontend/index.js";
import { Engine, logitsOf } from "../../ts/node.js";
import { compareLogits } from "../../ts/profile/index.js";
import { bundled, golden, json, temporaryFolder } from "../cli/support.js";

const temporary = temporaryFolder();
const TIMEOUT_MS = 300_000;
const WORDS = 6;
const noData = hasData ? "" : " (skipped: no ../shared/data)";

type Form = "plain" | "folded";

async function blobOf(engine: Engine, name: string, form: Form): Promise<Uint8Array> {
  const read = (file: string) => readFileSync(bundled(name, file));
  if (form === "plain") return read("model.mlm");
  const network = toNetwork(readCheckpoint(read("model.safetensors")));
  const whole = withFrontEnd(network, readFrontEnd(read("frontend.json")));
  return createFoldedBlob(engine, whole);
}

async function run(name: string, form: Form, simd: "on" | "off", { inputs }: TestSet) {
  const engine = await Engine.load({ simd });
  const model = await engine.loadModel(await blobOf(engine, name, form));
  const session = model.createSession();
  return inputs.map((input) => logitsOf(session.run(input)));
}

/** @returns what `eval` says of the reference about the plain form */
async function checkAgainstPytorch(name: "har" | "kws", set: TestSet) {
  const checked = async (form: Form) => {
    const rows = await run(name, form, "on", set);
    const { sameClasses, meanRelative, maxRelative } = compareLogits(rows, set.reference);
    expect(sameClasses).toBe(set.inputs.length);
    expect(meanRelative).toBeLessThanOrEqual(1e-6);
    expect(maxRelative).toBeLessThanOrEqual(1e-5);
    const bits = (logits: Float32Array[]) => Buffer.from(joined(logits).buffer);
    expect(bits(await run(name, form, "off", set)).equals(bits(rows))).toBe(true);
    return { disagreements: 0, error: { meanRelative, maxRelative } };
  };
  await checked("folded");
  return checked("plain");
}

/** Items and right ones among the first `classes` classes. */
function accuracyOf({ confusion }: { confusion: number[][] }, classes: number) {
  const rows = confusion.slice(0, classes);
  const items = rows.flat().reduce((a, b) => a + b);
  return { items, accuracy: rows.reduce((sum, row, i) => sum + row[i]!, 0) / items };
}

/** Rows of one length, one behind the other. */
function joined(parts: readonly Float32Array[]): Float32Array {
  const length = parts[0]!.length;
  const all = new Float32Array(parts.length * length);
  for (const [i, part] of parts.entries()) all.set(part, i * length);
  return all;
}

describe.skipIf(noData !== "")(`whole test sets${noData}`, { timeout: TIMEOUT_MS }, () => {
  test("har: 2,947 windows", async () => {
    const set = readTestSet("har");
    const agreement = await checkAgainstPytorch("har", set);
    writeFileSync(temporary("x.npy"), writeNpy(joined(set.inputs), [2947, 128, 9]));
    writeFileSync(temporary("y.npy"), writeNpy(Int32Array.from(set.classes), [2947]));
    const files = ["--inputs", temporary("x.npy"), "--labels", temporary("y.npy")];
    const reference = ["--reference", golden("trained/har.logits.npy")];
    const report = json(["eval", "har", ...files, ...reference]);
    expect(report).toMatchObject({ items: 2947, labels: set.labels, ...agreement });
    expect(report.accuracy).toBeGreaterThanOrEqual(0.92);
    expect(accuracyOf(report, 6)).toEqual({ items: 2947, accuracy: report.accuracy });
  });

  test("kws: 1,575 clips and 150 silences", async () => {
    const set = readTestSet("kws");
    expect(set.inputs).toHaveLength(1725);
    await checkAgainstPytorch("kws", set);
  });

  test("kws: the folder of clips", () => {
    const logits = joined(readTestSet("kws").reference.slice(0, 1575));
    writeFileSync(temporary("logits.npy"), writeNpy(logits, [1575, 8]));
    const args = ["--dataset", join(DATA, "kws/test"), "--reference", temporary("logits.npy")];
    const report = json(["eval", "kws", ...args]);
    expect(report).toMatchObject({ items: 1575, disagreements: 0 });
    const words = accuracyOf(report, WORDS);
    expect(words.items).toBe(1538);
    expect(words.accuracy).toBeGreaterThanOrEqual(0.93);
    expect(report.confusion[7]).toEqual(Array(8).fill(0));
  });
});
