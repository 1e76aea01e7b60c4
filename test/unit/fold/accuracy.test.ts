/**
 * Folded blobs in the core, against float64 PyTorch: the golden cases, and the published KWS-10
 * classifier where its files lie beside the checkout.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  readArch,
  readCheckpoint,
  readNpy,
  readNpyFloat64,
  toNetwork,
} from "../../../ts/checkpoint/index.js";
import { logitsOf } from "../../../ts/core/outputs.js";
import { createFoldedBlob, readFoldRecord } from "../../../ts/fold/index.js";
import { Engine, type Model } from "../../../ts/node.js";
import { type Accuracy, compareLogits } from "../../../ts/profile/index.js";

/** Of each input's largest |logit|. */
const TOLERANCE = 2e-6;

const GOLDEN = new URL("../../golden/", import.meta.url);
const PAPER = new URL("../../../../shared/data/paper_kws10/", import.meta.url);

const goldenCases = readdirSync(GOLDEN).filter((name) =>
  existsSync(new URL(`${name}/logits_float64.npy`, GOLDEN)),
);

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => {
  engine.dispose();
});

function bytesOf(folder: URL, name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

async function foldedModel(folder: URL): Promise<Model> {
  const hasArch = existsSync(new URL("arch.json", folder));
  const arch = hasArch ? { arch: readArch(bytesOf(folder, "arch.json")) } : {};
  const network = toNetwork(readCheckpoint(bytesOf(folder, "model.safetensors")), arch);
  return engine.loadModel(await createFoldedBlob(engine, network));
}

function accuracyOf(model: Model, folder: URL, inputName: string): Accuracy {
  const { data } = readNpy(bytesOf(folder, inputName));
  const input = model.info.inputKind === "tokens" ? Int32Array.from(data, Number) : data;
  const reference = readNpyFloat64(bytesOf(folder, "logits_float64.npy")).data;
  const count = reference.length / model.info.outputs[0]!.width;
  const session = model.createSession();
  const part = <T extends { slice(from: number, to: number): T; length: number }>(
    all: T,
    i: number,
  ) => all.slice((i * all.length) / count, ((i + 1) * all.length) / count);
  const cases = Array.from({ length: count }, (_, i) => i);
  return compareLogits(
    cases.map((i) => logitsOf(session.run(part(input as Float32Array, i)))),
    cases.map((i) => part(reference, i)),
  );
}

describe("golden cases, folded", () => {
  test.each(goldenCases)("%s", async (name) => {
    const folder = new URL(`${name}/`, GOLDEN);
    const model = await foldedModel(folder);
    const accuracy = accuracyOf(model, folder, "input.npy");
    expect(accuracy.maxRelative).toBeLessThanOrEqual(TOLERANCE);
    expect(accuracy.sameClasses).toBe(accuracy.cases.length);
    model.createSession().selfTest();
    model.dispose();
  });
});

const isPresent = existsSync(PAPER);
const title = "the KWS-10 checkpoint of the paper, folded";

describe.skipIf(!isPresent)(isPresent ? title : `${title} (skipped: ../shared is absent)`, () => {
  const INPUTS = 65;

  test("gives every input's class, as near to float64 as float32 comes", async () => {
    const model = await foldedModel(PAPER);
    const accuracy = accuracyOf(model, PAPER, "inputs.npy");
    expect(accuracy.maxRelative).toBeLessThanOrEqual(TOLERANCE);
    expect(accuracy.sameClasses).toBe(INPUTS);
    model.dispose();
  });

  test("records MACs and bytes, before and after", async () => {
    const model = await foldedModel(PAPER);
    const record = readFoldRecord(model.metadata)!;
    expect(record.before).toEqual({
      macsPerFrame: 41_344,
      macsAtEnd: 640,
      weightsBytes: 147_264,
    });
    expect(record.after).toEqual({
      macsPerFrame: 24_448,
      macsAtEnd: 1_280,
      weightsBytes: 84_544,
    });
    expect(record.steps).toHaveLength(3);
    model.dispose();
  });
});

describe("the record of a blob", () => {
  test.each([
    {},
    { fold: null },
    { fold: { steps: [] } },
    { fold: { before: {}, after: {}, steps: [] } },
    { fold: "folded" },
  ])("is none when it has another form: %j", (metadata) => {
    expect(readFoldRecord(metadata)).toBeUndefined();
  });
});
