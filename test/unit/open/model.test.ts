/** One way in: bytes and options to an open model, for API, page and command line alike. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../../ts/checkpoint/index.js";
import { BadArgument, BadFile, BeyondTolerance } from "../../../ts/core/errors.js";
import { Engine, logitsOf, openModel } from "../../../ts/node.js";
import { readCompanions } from "../../../ts/open/companions.js";

const root = new URL("../../../", import.meta.url);
const read = (path: string) => new Uint8Array(readFileSync(new URL(path, root)));
const checkpoint = read("ts/models/har/model.safetensors");
const frontEnd = read("ts/models/har/frontend.json");
const labels = read("ts/models/har/labels.json");
const blob = read("ts/models/har/model.mlm");
const exported = read("test/golden/exported_two_outputs/model.safetensors");
const input = Float32Array.from({ length: 9 * 20 }, (_, i) => Math.sin(i));

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.load();
});
afterAll(() => engine.dispose());

describe("openModel", () => {
  it("makes of a checkpoint and its files the bundled blob, which opens as it is", async () => {
    const made = await openModel(engine, checkpoint, { frontEnd, labels });
    expect(made.format).toBe("safetensors");
    expect(made.network?.convention).toBe("stack");
    expect(Buffer.from(made.blob).equals(blob)).toBe(true);
    const opened = await openModel(engine, blob);
    expect(opened.format).toBe("mlm");
    expect(opened.network).toBeUndefined();
    const run = ({ model }: typeof opened) => logitsOf(model.createSession().run(input));
    expect(run(made)).toEqual(run(opened));
  });

  it("folds, and makes other number types", async () => {
    const files = { frontEnd, labels };
    const folded = await openModel(engine, checkpoint, { ...files, fold: true });
    expect(folded.model.metadata).toHaveProperty("fold");
    const w8 = await openModel(engine, checkpoint, { ...files, quantize: { type: "w8" } });
    expect(w8.blob.length).toBeLessThan(0.5 * blob.length);
    const inputs = { count: 1, item: () => input };
    const int = await openModel(engine, checkpoint, {
      ...files,
      quantize: { type: "int", inputs, shares: false },
    });
    expect(int.model.tensors.some(({ dtype }) => dtype === "i16")).toBe(true);
    expect(int.format === "safetensors" && int.quantized).toMatchObject({ inputs: 1 });
  });

  it("refuses for a blob what may be said of a checkpoint only", async () => {
    for (const options of [{ labels }, { frontEnd }, { fold: true }, { arch: {} }]) {
      const [argument] = Object.keys(options);
      await expect(openModel(engine, blob, options)).rejects.toMatchObject({ argument });
    }
    await expect(openModel(engine, blob, { fold: false })).resolves.toBeDefined();
    const how = { type: "int" as const, inputs: { count: 1, item: () => input } };
    const both = openModel(engine, checkpoint, { frontEnd, fold: true, quantize: how });
    await expect(both).rejects.toThrow(BadArgument);
  });

  it("says of a file by its name what it is not", async () => {
    const page = new TextEncoder().encode("<!doctype html>");
    const opening = openModel(engine, page, { name: "net.pth" });
    await expect(opening).rejects.toThrow(BadFile);
    await expect(opening).rejects.toThrow(/not a valid pth file: it looks like an HTML page/);
  });

  it("holds an exported file to the references inside it", async () => {
    await expect(openModel(engine, exported)).resolves.toHaveProperty("exported");
    const { tensors, metadata } = readSafetensors(exported);
    const moved = [...tensors.values()].map((tensor) =>
      tensor.name.startsWith("mambalite.reference.output")
        ? { ...tensor, data: tensor.data.map((value) => value + 0.01) }
        : tensor,
    );
    const wrong = writeSafetensors(moved, metadata);
    const error = await openModel(engine, wrong).catch((cause) => cause);
    expect(error).toBeInstanceOf(BeyondTolerance);
    expect(error.maxRelative).toBeGreaterThan(error.tolerance);
    await expect(openModel(engine, wrong, { checkReferences: false })).resolves.toBeDefined();
  });
});

describe("the files beside a checkpoint", () => {
  const file = (path: string, content: Uint8Array | object) => ({
    path,
    read: () =>
      content instanceof Uint8Array ? content : new TextEncoder().encode(JSON.stringify(content)),
  });

  it("are told apart by content", async () => {
    const arch = { convention: "paper" };
    const files = [file("a.json", labels), file("b.json", frontEnd), file("c.json", arch)];
    const found = await readCompanions(files);
    expect(found.arch).toEqual(arch);
    expect(found.frontEnd).toMatchObject({ kind: "affine" });
    expect(found.labels).toHaveLength(6);
  });

  it("are refused by name", async () => {
    const twice = readCompanions([file("a.json", labels), file("b.json", labels)]);
    await expect(twice).rejects.toThrow(/^b\.json: labels: expected one file of it, got two/);
    const numbers = readCompanions([file("a.json", [1])]);
    await expect(numbers).rejects.toThrow(/^a\.json: .*expected a JSON array of texts/);
    const text = readCompanions([file("a.json", new TextEncoder().encode("{"))]);
    await expect(text).rejects.toThrow(/^a\.json: not a valid arch file/);
  });
});
