/** What a model tells about itself, what it costs, and which blobs are none. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { HEADER, OP } from "../../../ts/core/format.js";
import {
  BadArgument,
  BadInput,
  BadModel,
  createBlob,
  Disposed,
  Engine,
  logitsOf,
  type Model,
  type ModelInfo,
  OutOfMemory,
  type SessionOptions,
  TooLarge,
} from "../../../ts/node.js";
import { changed, dataAt, opAt, word } from "./blobs.js";
import { NetworkMaker, paperNetwork, tiedLanguageModel } from "./networks.js";

const PAGE_BYTES = 65536;

let engine: Engine;
let paperBlob: Uint8Array;
let paper: Model;
let language: Model;

beforeAll(async () => {
  engine = await Engine.load();
  paperBlob = await createBlob(engine, paperNetwork(), { metadata: { source: "test" } });
  paper = await engine.loadModel(paperBlob);
  language = await engine.loadModel(await createBlob(engine, tiedLanguageModel()));
});

afterAll(() => {
  paper.dispose();
  language.dispose();
});

describe("a model says", () => {
  test("its sizes", () => {
    expect(paper.info).toEqual({
      inputKind: "frames",
      takes16Bits: false,
      inputWidth: 5,
      outputs: [{ name: "output", width: 3, isSequence: false }],
      minFrames: 1,
      maxFrames: 0,
      needsMaxFrames: false,
      looksAhead: false,
      blobBytes: paperBlob.length,
      crc32: new DataView(paperBlob.buffer).getUint32(HEADER.crc32, true),
      selfTestInputs: 8,
    } satisfies ModelInfo);
    expect(language.info).toMatchObject({ inputKind: "tokens", inputWidth: 1, vocabulary: 19 });
  });

  test("its labels and metadata", () => {
    expect(paper.labels).toEqual(["yes", "no", "grün"]);
    expect(paper.metadata).toEqual({ convention: "paper", source: "test" });
    expect(language.labels).toEqual([]);
    expect(language.metadata).toEqual({ convention: "mamba_ssm" });
  });

  test("its ops", () => {
    expect(paper.ops.map(({ name, kind, width }) => [name, kind, width])).toEqual([
      ["linear_in", "linear", 7],
      ["mamba.in_proj.x", "linear", 14],
      ["mamba.conv1d", "causal_conv", 14],
      ["mamba.x_proj", "linear", 13],
      ["mamba.selective_scan", "selective_scan", 14],
      ["mamba.gate", "gate", 14],
      ["mamba.out_proj", "linear", 7],
      ["pool", "pool", 7],
      ["classifier", "linear", 3],
    ]);
    const [scan, pool] = [paper.ops[4]!, paper.ops[7]!];
    expect(scan).toMatchObject({
      variant: 0,
      inputs: [3, 4],
      isSequence: true,
      stage: 0,
      isBarrier: false,
      parameters: 14 * 3 + 14 + 14 * 5 + 14,
    });
    expect(scan.attributes.slice(0, 2)).toEqual([5, 3]);
    expect(pool).toMatchObject({ inputs: [7], isSequence: false, stage: 0, isBarrier: true });
    expect(paper.ops[8]).toMatchObject({ isSequence: false, stage: 1, isBarrier: false });
    const parameters = paper.ops.slice(1, 7).reduce((sum, op) => sum + op.parameters, 0);
    expect(parameters).toBe(28 * 7 + 14 * 4 + 13 * 14 + 14 * 3 + 14 + 14 * 5 + 14 + 7 * 14);
    const [embedding, , ...rest] = language.ops;
    expect(embedding).toMatchObject({ kind: "embedding", inputs: [0], width: 6 });
    expect(rest.find(({ name }) => name === "layers.0.add")).toMatchObject({
      kind: "arithmetic",
      inputs: [1, 8],
    });
    expect(rest.find(({ name }) => name === "norm_f")).toMatchObject({ kind: "norm", variant: 0 });
  });

  test("its tensors, tied ones once", () => {
    expect(paper.tensors[0]).toEqual({
      name: "linear_in.weight",
      shape: [7, 5],
      dtype: "f32",
      packing: "panels",
      bytes: 8 * 5 * 4,
    });
    expect(paper.tensors[1]).toMatchObject({ shape: [7], packing: "vector", bytes: 32 });
    expect(paper.tensors.find(({ name }) => name === "mamba.A_log")).toMatchObject({
      shape: [14, 5],
      packing: "groups",
      bytes: 16 * 5 * 4,
    });
    expect(language.tensors.filter(({ shape }) => shape[0] === 19)).toHaveLength(1);
  });

  test("its operators, which are more where dA and dB*x are made first", () => {
    const names = paper.operators("stream").map(({ name }) => name);
    expect(names).toEqual([
      "linear_in",
      "mamba.in_proj.x",
      "mamba.conv1d",
      "mamba.x_proj",
      "mamba.dt_proj",
      "mamba.selective_scan",
      "mamba.gate",
      "mamba.out_proj",
      "pool",
      "classifier",
    ]);
    expect(paper.operators("unfused").map(({ name }) => name)).toEqual(
      expect.arrayContaining([...names, "mamba.discretize"]),
    );
    expect(paper.operators("stream").at(-1)).toEqual({
      name: "classifier",
      op: 8,
      part: "",
      outputWidth: 3,
    });
    expect(() => paper.operators("fused" as "stream")).toThrow(BadArgument);
  });
});

describe("operatorCounts", () => {
  test("counts a linear layer exactly, once a frame or once a sequence", () => {
    for (const frames of [1, 10, 5000]) {
      const counts = paper.operatorCounts(frames);
      expect(counts[0]).toMatchObject({ name: "linear_in", macs: frames * 35, exps: 0 });
      expect(counts.at(-1)).toMatchObject({ name: "classifier", macs: 21 });
    }
  });

  test("counts the same work under every tile, with fewer bytes read for longer ones", () => {
    const one = paper.operatorCounts(100, { tile: 1 });
    const ten = paper.operatorCounts(100, { tile: 10 });
    expect(ten.map(({ macs, exps }) => [macs, exps])).toEqual(
      one.map(({ macs, exps }) => [macs, exps]),
    );
    expect(ten[0]!.bytesRead).toBeLessThan(one[0]!.bytesRead);
  });

  test("takes the number of frames as the longest sequence", () => {
    expect(paper.operatorCounts(7, { schedule: "layer" })).toEqual(
      paper.operatorCounts(7, { schedule: "layer", maxFrames: 7 }),
    );
  });

  test("refuses frames that are none or too many", () => {
    for (const frames of [0, -1, 1.5, Number.NaN, 2 ** 32]) {
      expect(() => paper.operatorCounts(frames)).toThrow(BadArgument);
    }
    const options = { schedule: "layer", maxFrames: 5 } as const;
    expect(() => paper.operatorCounts(6, options)).toThrow(BadArgument);
  });
});

describe("plan", () => {
  test("is for one frame at a time unless told otherwise", () => {
    const plan = paper.plan();
    expect(plan).toEqual(paper.plan({ schedule: "stream", tile: 1 }));
    expect(plan).toMatchObject({
      schedule: "stream",
      tile: 1,
      maxFrames: 0,
      inputBytes: 20,
      outputBytes: 12,
    });
    expect(plan.buffers.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "session",
        "mamba.selective_scan.scan_state",
        "mamba.conv1d.conv_state",
        "pool.pool_state",
      ]),
    );
    expect(paper.plan({ schedule: "layer", maxFrames: 9 })).toMatchObject({
      tile: 9,
      maxFrames: 9,
      inputBytes: 9 * 20,
    });
  });

  test.each([
    [{ schedule: "fused" as "layer" }, "schedule"],
    [{ tile: 0 }, "tile"],
    [{ tile: 1.5 }, "tile"],
    [{ tile: -1 }, "tile"],
    [{ tile: 2 ** 32 }, "tile"],
    [{ tile: "3" as unknown as number }, "tile"],
    [{ schedule: "layer", tile: 2, maxFrames: 5 }, "tile"],
    [{ schedule: "unfused", tile: 1, maxFrames: 5 }, "tile"],
    [{ schedule: "layer" }, "maxFrames"],
    [{ schedule: "unfused", maxFrames: 0 }, "maxFrames"],
    [{ maxFrames: -5 }, "maxFrames"],
  ] as const)("refuses %o", (given: object, argument) => {
    const options = given as SessionOptions;
    for (const use of [() => paper.plan(options), () => paper.createSession(options)]) {
      expect(use).toThrow(BadArgument);
      expect(use).toThrow(expect.objectContaining({ argument }));
    }
  });

  test("says when an arena would be beyond 4 GiB", () => {
    const options = { schedule: "unfused", maxFrames: 2 ** 30 } as const;
    expect(() => paper.plan(options)).toThrow(TooLarge);
    expect(() => paper.createSession(options)).toThrow(TooLarge);
    expect(() => paper.plan({ tile: 2 ** 32 - 1 })).toThrow(TooLarge);
  });
});

describe("memory", () => {
  test("of an instance is what the model and its sessions need", async () => {
    const model = await engine.loadModel(paperBlob);
    const before = model.memoryBytes;
    expect(before % PAGE_BYTES).toBe(0);
    const options = { schedule: "layer", maxFrames: 20_000 } as const;
    const { arenaBytes, inputBytes } = model.plan(options);
    const session = model.createSession(options);
    const grown = model.memoryBytes - before;
    expect(grown).toBeLessThan(arenaBytes + inputBytes + PAGE_BYTES);
    session.dispose();
    model.createSession(options);
    expect(model.memoryBytes).toBe(before + grown);
    model.dispose();
  });

  test("that the machine does not give is an error with the number of bytes", () => {
    const grow = vi.spyOn(WebAssembly.Memory.prototype, "grow").mockImplementation(() => {
      throw new RangeError("no more");
    });
    const options = { schedule: "unfused", maxFrames: 100_000 } as const;
    expect(() => paper.createSession(options)).toThrow(OutOfMemory);
    grow.mockRestore();
    expect(logitsOf(paper.createSession().run(new Float32Array(5)))).toHaveLength(3);
  });
});

describe("measureArena", () => {
  test("finds what the plan said, between intact guards", () => {
    const input = new NetworkMaker(9).frames(12, 5);
    for (const schedule of ["stream", "layer", "unfused"] as const) {
      const measured = paper.measureArena(input, { schedule });
      expect(measured.guardsIntact).toBe(true);
      expect(measured.highWaterBytes).toBe(measured.plan.arenaBytes);
      expect(measured.outputs).toEqual(paper.createSession().run(input));
    }
  });

  test("takes no input that a session would not take", () => {
    expect(() => paper.measureArena(new Float32Array(4))).toThrow(BadInput);
  });
});

describe("a blob is refused", () => {
  async function fault(blob: Uint8Array): Promise<BadModel> {
    const error = await engine.loadModel(blob).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BadModel);
    return error as BadModel;
  }

  test("that is empty, cut or of another kind", async () => {
    expect(await fault(new Uint8Array(0))).toMatchObject({ status: "MLM_ERR_TRUNCATED" });
    expect(await fault(paperBlob.subarray(0, -16))).toMatchObject({
      status: "MLM_ERR_TRUNCATED",
      fault: { needed: paperBlob.length, have: paperBlob.length - 16 },
    });
    const html = new TextEncoder().encode(`<!DOCTYPE html>${" ".repeat(100)}`);
    expect((await fault(html)).message).toMatch(/HTML page.*MLM_ERR_MAGIC/);
  });

  test("that changed, or is of another version", async () => {
    const damaged = paperBlob.slice();
    damaged[200]! ^= 1;
    expect((await fault(damaged)).message).toMatch(/checksum [0-9a-f]{8}, recorded [0-9a-f]{8}/);
    for (const version of [1, 3]) {
      const other = changed(paperBlob, (view) => view.setUint32(HEADER.version, version, true));
      expect((await fault(other)).message).toMatch(
        new RegExp(`format version ${version}, this core reads 2`),
      );
    }
  });

  test("with a NaN, naming the tensor", async () => {
    const index = paper.tensors.findIndex(({ name }) => name === "mamba.D");
    const blob = changed(paperBlob, (view) => {
      view.setFloat32(dataAt(view, index) + 12, Number.NaN, true);
    });
    expect(await fault(blob)).toMatchObject({
      status: "MLM_ERR_NONFINITE",
      tensor: "mamba.D",
      fault: { index, have: 3 },
    });
  });

  test("with a tensor that lies outside, naming it", async () => {
    const blob = changed(paperBlob, (view) => {
      view.setUint32(word(view, HEADER.tensorOffset) + 16, 0xfffffff0, true);
    });
    expect(await fault(blob)).toMatchObject({
      status: "MLM_ERR_TENSOR",
      tensor: "linear_in.weight",
    });
  });

  test("with an op that does not fit, naming it", async () => {
    const blob = changed(paperBlob, (view) => view.setUint32(opAt(view, 1) + OP.width, 6, true));
    const error = await fault(blob);
    expect(error).toMatchObject({
      status: "MLM_ERR_OP",
      fault: { op: "mamba.in_proj.x", index: 1 },
    });
    expect(error.tensor).toBeUndefined();
  });

  test("with an op of a kind that this core does not have, naming it", async () => {
    const blob = changed(paperBlob, (view) => view.setUint16(opAt(view, 1) + OP.kind, 999, true));
    expect(await fault(blob)).toMatchObject({
      status: "MLM_ERR_KIND",
      fault: { op: "mamba.in_proj.x", index: 1, have: 999 },
    });
  });

  test("whose names cannot be read", async () => {
    const blob = changed(paperBlob, (view) => {
      view.setUint32(HEADER.tensorOffset, 0xfffffff0, true);
      view.setUint32(HEADER.stringOffset, 0xfffffff0, true);
    });
    expect(await fault(blob)).toMatchObject({ status: "MLM_ERR_FORMAT" });
  });

  test("whose metadata is no JSON object", async () => {
    for (const text of ["[1]", "{x", "12"]) {
      const blob = changed(paperBlob, (view) => {
        const at = word(view, HEADER.stringOffset) + word(view, HEADER.metadata);
        new TextEncoder().encodeInto(`${text}\0`, new Uint8Array(view.buffer, at));
      });
      expect((await fault(blob)).message).toMatch(/JSON object/);
    }
  });

  test("that is not bytes at all", async () => {
    for (const blob of ["blob", undefined, [1, 2], new Float32Array(4)]) {
      await expect(engine.loadModel(blob as unknown as Uint8Array)).rejects.toThrow(BadInput);
    }
  });
});

describe("models", () => {
  test("stand side by side, from bytes at any offset", async () => {
    const shifted = new Uint8Array([7, ...paperBlob]).subarray(1);
    const models = await Promise.all([
      engine.loadModel(paperBlob),
      engine.loadModel(shifted),
      engine.loadModel(paperBlob.slice().buffer as ArrayBuffer),
    ]);
    const input = new NetworkMaker(5).frames(4, 5);
    const expected = paper.createSession().run(input);
    for (const model of models) expect(model.createSession().run(input)).toEqual(expected);
    models[0]!.dispose();
    expect(models[1]!.createSession().run(input)).toEqual(expected);
  });

  test("are of no use after dispose, and neither are their sessions", async () => {
    const model = await engine.loadModel(paperBlob);
    const session = model.createSession();
    model.dispose();
    model.dispose();
    session.dispose();
    const input = new Float32Array(5);
    for (const use of [
      () => model.plan(),
      () => model.operators("stream"),
      () => model.operatorCounts(1),
      () => model.createSession(),
      () => model.measureArena(input),
      () => model.memoryBytes,
      () => session.run(input),
    ]) {
      expect(use).toThrow(Disposed);
    }
    expect(model.info.outputs).toHaveLength(1);
  });
});
