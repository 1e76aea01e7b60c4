/** The bytes of a blob: read back by hand, field by field, as csrc/core/blob.h has them. */
import { beforeAll, describe, expect, test } from "vitest";
import { DTYPE, HEADER, NO_CLOCK, NO_TENSOR, TENSOR } from "../../../ts/core/format.js";
import { crc32 } from "../../../ts/crc32.js";
import type {
  AffineOp,
  LogmelOp,
  MambaOp,
  Network,
  Op,
  Tensor,
} from "../../../ts/graph/network.js";
import {
  BadArgument,
  BadCheckpoint,
  BadInput,
  BadModel,
  createBlob,
  Engine,
  NonFinite,
  TooLarge,
  writeBlob,
} from "../../../ts/node.js";
import { quantizeW8 } from "../../../ts/quantize/w8.js";
import {
  audioNetwork,
  NetworkMaker,
  paperNetwork,
  pool,
  tiedLanguageModel,
} from "../core/networks.js";
import { Reader } from "./reader.js";

function numbered(name: string, shape: readonly number[], first = 1): Tensor {
  const elements = shape.reduce((product, size) => product * size, 1);
  return { name, shape, data: Float32Array.from({ length: elements }, (_, i) => first + i) };
}

/** A mamba whose elements are numbered: inner 5, states 2, taps 3, rank 1, width 2. */
function numberedMamba(extra: Partial<MambaOp> = {}): MambaOp {
  return {
    kind: "mamba",
    name: "m",
    input: 0,
    inProj: {
      weight: numbered("m.in_proj.weight", [10, 2]),
      bias: numbered("m.in_proj.bias", [10], 100),
    },
    conv1d: { weight: numbered("m.conv1d.weight", [5, 1, 3]) },
    xProj: { weight: numbered("m.x_proj.weight", [5, 5]) },
    dtProj: { weight: numbered("m.dt_proj.weight", [5, 1]) },
    aLog: { ...numbered("m.A_log", [5, 2]), data: new Float32Array(10) },
    d: numbered("m.D", [5]),
    ...extra,
  };
}

function networkOf(...ops: Network["ops"]): Network {
  return { inputKind: "frames", inputWidth: 2, ops, convention: "test" };
}

const blob = new Reader(writeBlob(networkOf(numberedMamba(), pool("p", 1, "max"))));

describe("the header", () => {
  test("says what the network is", () => {
    expect(blob.header("magic")).toBe(0x1a4d4c4d);
    expect(blob.header("version")).toBe(2);
    expect(blob.header("blobBytes")).toBe(blob.blob.length);
    expect(blob.header("inputKind")).toBe(0);
    expect(blob.header("inputWidth")).toBe(2);
    expect(blob.header("minFrames")).toBe(1);
    expect(blob.header("maxFrames")).toBe(0);
    expect(blob.header("opCount")).toBe(6);
    expect(blob.header("outputCount")).toBe(1);
    expect(blob.output(0)).toEqual({ name: "output", value: 6 });
    expect(blob.header("selfTestInputs")).toBe(0);
    expect(blob.text(blob.header("metadata"))).toBe('{"convention":"test"}');
  });

  test("has the checksum of everything with that field 0", () => {
    const copy = blob.blob.slice();
    new DataView(copy.buffer).setUint32(HEADER.crc32, 0, true);
    expect(blob.header("crc32")).toBe(crc32(copy));
  });

  test("places every section and tensor at a multiple of 16", () => {
    for (const field of [
      "opOffset",
      "tensorOffset",
      "outputOffset",
      "labelOffset",
      "stringOffset",
    ] as const) {
      expect(blob.header(field) % 16).toBe(0);
    }
    for (let i = 0; i < blob.header("tensorCount"); i++) expect(blob.tensor(i).offset % 16).toBe(0);
    expect(blob.blob.length % 16).toBe(0);
  });
});

describe("op records", () => {
  const sequence = { variant: 0, stage: 0, clock: 0 };

  /** Attributes and references, with what is unused behind them. */
  function used(attributes: readonly number[], tensors: readonly (number | undefined)[]) {
    const none = NO_TENSOR;
    return {
      attributes: Array.from({ length: 8 }, (_, i) => attributes[i] ?? 0),
      tensors: Array.from({ length: 8 }, (_, i) => tensors[i] ?? none),
    };
  }

  test("of a mamba and a pool: the block's primitives under its name", () => {
    const lowest = new Uint32Array(Float32Array.of(-Math.LOG2E).buffer)[0]!;
    const five = { ...sequence, width: 5 };
    expect(blob.ops()).toEqual([
      { ...five, kind: 1, name: "m.in_proj.x", inputs: [0], ...used([], [0, 1]) },
      { ...five, kind: 11, name: "m.conv1d", inputs: [1], ...used([3, 0, 1], [2]) },
      { ...five, kind: 1, name: "m.x_proj", inputs: [2], ...used([], [3]) },
      {
        ...five,
        kind: 26,
        name: "m.selective_scan",
        inputs: [2, 3],
        ...used([2, 1, lowest], [4, undefined, 5, 6]),
      },
      { ...five, kind: 28, name: "m.gate", inputs: [4, 0], ...used([], [7, 8]) },
      {
        ...{ kind: 22, variant: 2, name: "p", inputs: [5], width: 5, stage: 0, clock: NO_CLOCK },
        ...used([], []),
      },
    ]);
  });

  test("of a residual language model", () => {
    const language = new Reader(writeBlob(tiedLanguageModel()));
    expect(language.header("inputKind")).toBe(1);
    const ops = language.ops();
    const find = (name: string) => ops.find((op) => op.name === name)!;
    expect(ops[0]).toMatchObject({ kind: 2, width: 6, attributes: [19, 0, 0, 0, 0, 0, 0, 0] });
    const eps = new Uint32Array(Float32Array.of(1e-5).buffer)[0]!;
    expect(ops[1]).toMatchObject({ kind: 7, variant: 0, attributes: [eps, 0, 0, 0, 0, 0, 0, 0] });
    const mixed = ops.findIndex(({ name }) => name === "layers.0.mixer.out_proj") + 1;
    expect(find("layers.0.add")).toMatchObject({ kind: 6, variant: 0, inputs: [1, mixed] });
    expect(find("pool")).toMatchObject({ kind: 22, variant: 1 });
    const head = find("lm_head");
    expect(head).toMatchObject({ kind: 1, stage: 1, clock: NO_CLOCK });
    expect(head.tensors[0]).toBe(ops[0]!.tensors[0]);
  });
});

describe("a network of samples", () => {
  const network = audioNetwork();
  const [logmel, affine] = network.ops as [LogmelOp, AffineOp];
  const made = new Reader(writeBlob(network));

  test("has the records of its front end", () => {
    expect(made.header("inputKind")).toBe(2);
    expect(made.header("inputWidth")).toBe(1);
    const floor = new Uint32Array(Float32Array.of(1e-3).buffer)[0]!;
    expect(made.op(0)).toEqual({
      kind: 3,
      variant: 0,
      name: "logmel",
      inputs: [0],
      stage: 0,
      clock: 0,
      width: 6,
      attributes: [12, 5, 16, 16_000, floor, 0, 0, 0],
      tensors: [0, 1, 2, 3, ...new Array(4).fill(NO_TENSOR)],
    });
    expect(made.op(1)).toMatchObject({ kind: 4, inputs: [1], width: 6 });
    expect(made.op(1).tensors.slice(0, 3)).toEqual([4, 5, NO_TENSOR]);
  });

  test("has its tables as they are, the bins as integers", () => {
    const flat = ({ data }: Tensor) => [...data, ...new Array(-data.length & 7).fill(0)];
    for (const [i, tensor] of [logmel.window, logmel.twiddles].entries()) {
      expect(made.tensor(i)).toMatchObject({ name: tensor.name, dtype: 0, packing: 0, columns: 1 });
      expect(made.tensor(i).rows).toBe(tensor.data.length);
      expect(Array.from(made.tensor(i).data)).toEqual(flat(tensor));
    }
    const bins = made.tensor(2);
    expect(bins).toMatchObject({ name: "logmel.filter_bins", dtype: 4, packing: 0, rows: 12 });
    expect(Array.from(new Uint32Array(bins.data.buffer))).toEqual(flat(logmel.filterBins));
    expect(Array.from(made.tensor(3).data)).toEqual(flat(logmel.filters));
    expect(Array.from(made.tensor(4).data)).toEqual(flat(affine.scale));
    expect(Array.from(made.tensor(5).data)).toEqual(flat(affine.shift));
  });

  function withLogmel(part: Partial<LogmelOp>): Network {
    return { ...network, ops: [{ ...logmel, ...part }, ...network.ops.slice(1)] };
  }

  test.each<[string, Network]>([
    ["twiddles of another shape", withLogmel({ twiddles: numbered("w", [8, 3]) })],
    ["flat twiddles", withLogmel({ twiddles: numbered("w", [16]) })],
    ["bins of another shape", withLogmel({ filterBins: numbered("w", [6, 1]) })],
    ["a window of two dimensions", withLogmel({ window: numbered("w", [4, 3]) })],
    ["no filters", withLogmel({ filters: numbered("w", [0]) })],
    ["fewer bands than the next op takes", withLogmel({ filterBins: numbered("w", [5, 2]) })],
    ["bins that are no integers", withLogmel({ filterBins: numbered("w", [6, 2], 0.5) })],
    ["bins below 0", withLogmel({ filterBins: numbered("w", [6, 2], -1) })],
    [
      "a scale of another width",
      { ...network, ops: [logmel, { ...affine, scale: numbered("w", [5]) }] },
    ],
    [
      "a shift of another width",
      { ...network, ops: [logmel, { ...affine, shift: numbered("w", [6, 1]) }] },
    ],
  ])("is refused with %s", (_, bad) => {
    expect(() => writeBlob(bad)).toThrow(BadCheckpoint);
  });

  test.each<[string, Partial<LogmelOp>]>([
    ["a hop of 0", { hopSamples: 0 }],
    ["a hop beyond the window", { hopSamples: 13 }],
    ["no sample rate", { sampleRateHz: 0 }],
    ["a floor of 0", { energyFloor: 0 }],
    ["a floor that is subnormal in float32", { energyFloor: 1e-40 }],
    ["a floor beyond float32", { energyFloor: 1e39 }],
    ["a window longer than the transform", { window: numbered("w", [17]) }],
    ["a transform of no power of two", { twiddles: numbered("w", [7, 2]) }],
    ["filters that are too few", { filters: numbered("w", [2]) }],
    ["bins beyond the spectrum", { filterBins: numbered("w", [6, 2], 9) }],
  ])("is refused by the core with %s", async (_, part) => {
    const engine = await Engine.load();
    const refused = expect.objectContaining({ status: "MLM_ERR_OP" });
    await expect(engine.loadModel(writeBlob(withLogmel(part)))).rejects.toThrow(BadModel);
    await expect(engine.loadModel(writeBlob(withLogmel(part)))).rejects.toThrow(refused);
    engine.dispose();
  });

  test("is refused where samples go anywhere else, or frames into a log-mel op", async () => {
    const engine = await Engine.load();
    const late = { ...logmel, name: "late" };
    for (const bad of [
      { ...network, inputKind: "frames" as const },
      { ...network, ops: network.ops.slice(1).map((op) => ({ ...op, input: 0 }) as Op) },
      { ...network, ops: [logmel, late, ...network.ops.slice(2)] },
    ]) {
      const load = async () => engine.loadModel(writeBlob(bad));
      await expect(load()).rejects.toThrow(/BAD_|bad model|bad checkpoint|expected/);
    }
    engine.dispose();
  });

  test("is refused with a self-test that is too short for a window", async () => {
    const engine = await Engine.load();
    const selfTest = { input: new Float32Array(11), outputs: [new Float32Array(3)] };
    const blob = writeBlob(network, { selfTest });
    const refused = expect.objectContaining({ status: "MLM_ERR_FORMAT" });
    await expect(engine.loadModel(blob)).rejects.toThrow(refused);
    engine.dispose();
  });
});

describe("packing", () => {
  test("panels of 8 rows, padded with zeros, x apart from z", () => {
    const x = blob.tensor(0);
    expect(x).toMatchObject({ name: "m.in_proj.weight[x]", packing: 1, rows: 5, columns: 2 });
    expect([...x.data]).toEqual([1, 3, 5, 7, 9, 0, 0, 0, 2, 4, 6, 8, 10, 0, 0, 0]);
    const z = blob.tensor(7);
    expect(z.name).toBe("m.in_proj.weight[z]");
    expect([...z.data]).toEqual([11, 13, 15, 17, 19, 0, 0, 0, 12, 14, 16, 18, 20, 0, 0, 0]);
  });

  test("vectors, padded to 8", () => {
    expect(blob.tensor(1)).toMatchObject({ packing: 0, rows: 5, columns: 1 });
    expect([...blob.tensor(1).data]).toEqual([100, 101, 102, 103, 104, 0, 0, 0]);
    expect([...blob.tensor(8).data]).toEqual([105, 106, 107, 108, 109, 0, 0, 0]);
  });

  test("groups of 4 channels, oldest tap first", () => {
    expect(blob.tensor(2)).toMatchObject({ packing: 2, rows: 5, columns: 3 });
    expect([...blob.tensor(2).data]).toEqual([
      ...[1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12],
      ...[13, 0, 0, 0, 14, 0, 0, 0, 15, 0, 0, 0],
    ]);
  });

  test("rows of x_proj: dt, then B and C by turns", () => {
    const rows = (column: number) => [...blob.tensor(3).data.subarray(column * 8, column * 8 + 8)];
    // dt is row 0; B rows 1, 2; C rows 3, 4; five elements a row.
    expect(rows(0)).toEqual([1, 6, 16, 11, 21, 0, 0, 0]);
    expect(rows(4)).toEqual([5, 10, 20, 15, 25, 0, 0, 0]);
  });

  test("A as -exp(A_log) log2(e)", () => {
    const a = blob.tensor(5);
    expect(a).toMatchObject({ name: "m.A_log", packing: 2, rows: 5, columns: 2 });
    expect([...a.data.subarray(0, 8)]).toEqual(new Array(8).fill(Math.fround(-Math.LOG2E)));
    expect([...a.data.subarray(8)]).toEqual([
      ...[Math.fround(-Math.LOG2E), 0, 0, 0],
      ...[Math.fround(-Math.LOG2E), 0, 0, 0],
    ]);
  });

  test("of a convolution with groups: each group's rows are panels of their own, tap by tap", () => {
    const weight = numbered("c", [4, 1, 3]);
    const conv: Op = { kind: "conv1d", name: "c", input: 0, weight, groups: 2, stride: 2 };
    const made = new Reader(writeBlob(networkOf(conv)));
    expect(made.op(0)).toMatchObject({ kind: 12, attributes: [3, 2, 1, 0, 0, 2, 0, 0] });
    expect(made.tensor(0)).toMatchObject({ packing: 1, rows: 16, columns: 3 });
    const row = (panel: number, column: number) =>
      Array.from(
        made.tensor(0).data.subarray(panel * 24 + column * 8, panel * 24 + column * 8 + 3),
      );
    expect([row(0, 0), row(0, 2), row(1, 1)]).toEqual([
      [1, 4, 0],
      [3, 6, 0],
      [8, 11, 0],
    ]);
  });

  test("of a flatten head: columns row by row, whatever the layout was", () => {
    const weight = numbered("f", [1, 6]);
    const head = { kind: "flatten_linear", name: "f", input: 0, rows: 3, weight } as const;
    const columns = (op: Op) => {
      const { data } = new Reader(writeBlob(networkOf(op))).tensor(0);
      return Array.from({ length: 6 }, (_, i) => data[8 * i]);
    };
    expect(columns(head)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(columns({ ...head, layout: "channel_time" })).toEqual([1, 4, 2, 5, 3, 6]);
  });

  test("takes a convolution with or without its middle dimension of 1", () => {
    const flat = numberedMamba({ conv1d: { weight: numbered("m.conv1d.weight", [5, 3]) } });
    expect(writeBlob(networkOf(flat, pool("p", 1, "max")))).toEqual(blob.blob);
  });
});

describe("a blob", () => {
  test("is the same for the same network", () => {
    expect(writeBlob(paperNetwork(3))).toEqual(writeBlob(paperNetwork(3)));
    expect(writeBlob(paperNetwork(3))).not.toEqual(writeBlob(paperNetwork(4)));
  });

  test("has each string and each tied tensor once", () => {
    const network = tiedLanguageModel();
    const reader = new Reader(writeBlob({ ...network, labels: new Array(19).fill("norm_f") }));
    const start = reader.header("stringOffset");
    const strings = new TextDecoder().decode(
      reader.blob.subarray(start, start + reader.header("stringBytes")),
    );
    expect(strings.split("\0").filter((text) => text === "norm_f")).toHaveLength(1);
    const [embedding] = network.ops;
    if (embedding?.kind !== "embedding") throw new Error("no embedding");
    const copy: Tensor = { ...embedding.weight };
    const head: Op = { kind: "linear", name: "lm_head", input: 9, weight: copy };
    const larger = writeBlob({ ...network, ops: [...network.ops.slice(0, 9), head] });
    expect(larger.length - writeBlob(network).length).toBeGreaterThan(19 * 6 * 4);
  });

  test("names its outputs, has their labels, and their rows behind a self-test", () => {
    const ops: Op[] = [
      { kind: "slice", name: "rows", input: 0, first: 0, width: 1 },
      pool("vector", 0, "mean"),
    ];
    const outputs = [
      { name: "vector", value: 2 },
      { name: "rows", value: 1 },
    ];
    const network = { ...networkOf(...ops), outputs, labels: ["a", "b"] };
    const selfTest = {
      input: Float32Array.of(1, 2, 3, 4, 5, 6),
      outputs: [Float32Array.of(7, 8), Float32Array.of(9, 10, 11)],
    };
    const reader = new Reader(writeBlob(network, { selfTest }));
    expect([reader.output(0), reader.output(1)]).toEqual([outputs[0], outputs[1]]);
    expect(reader.header("selfTestInputs")).toBe(3);
    const at = reader.header("selfTestOutputs");
    const recorded = new Float32Array(reader.blob.slice(at, at + 20).buffer);
    expect(Array.from(recorded)).toEqual([7, 8, 9, 10, 11]);
  });

  test("records what was assumed", () => {
    const assumptions = ["eps is 1e-5"];
    const reader = new Reader(writeBlob({ ...paperNetwork(), assumptions }));
    expect(JSON.parse(reader.text(reader.header("metadata")))).toMatchObject({ assumptions });
  });

  test("records metadata beside the convention", () => {
    const reader = new Reader(writeBlob(paperNetwork(), { metadata: { epochs: 3 } }));
    expect(JSON.parse(reader.text(reader.header("metadata")))).toEqual({
      convention: "paper",
      epochs: 3,
    });
  });
});

describe("what is refused", () => {
  const paper = paperNetwork();
  const [linear, mamba, mean, head] = paper.ops as [never, MambaOp, never, never];

  function withMamba(part: Partial<MambaOp>): Network {
    return { ...paper, ops: [linear, { ...mamba, ...part }, mean, head] };
  }

  test.each<[string, Network, string]>([
    ["in_proj.weight", withMamba({ inProj: { weight: numbered("w", [27, 7]) } }), "[28, 7]"],
    ["in_proj.bias", withMamba({ inProj: { ...mamba.inProj, bias: numbered("w", [14]) } }), "[28]"],
    [
      "conv1d",
      withMamba({ conv1d: { weight: numbered("w", [14, 2, 2]) } }),
      "[14, 1, 2] or [14, taps]",
    ],
    ["x_proj", withMamba({ xProj: { weight: numbered("w", [14, 14]) } }), "[13, 14]"],
    ["dt_proj", withMamba({ dtProj: { weight: numbered("w", [13, 3]) } }), "[14, 3]"],
    ["D", withMamba({ d: numbered("w", [14, 1]) }), "[14]"],
    ["A_log", withMamba({ aLog: numbered("w", [14]) }), "2 positive sizes"],
    ["out_proj", withMamba({ outProj: { weight: numbered("w", [7, 13]) } }), "[7, 14]"],
    [
      "the data",
      withMamba({ d: { name: "w", shape: [14], data: new Float32Array(13) } }),
      "14 elem",
    ],
    ["no sizes", withMamba({ aLog: numbered("w", [14, 0]) }), "2 positive sizes"],
  ])("a wrong shape: %s", (_, network, expected) => {
    expect(() => writeBlob(network)).toThrow(BadCheckpoint);
    expect(() => writeBlob(network)).toThrow(expect.objectContaining({ tensor: "w" }));
    expect(() => writeBlob(network)).toThrow(expected);
  });

  test.each([
    ["conv1d.weight", [13, 0, 1], 53],
    ["A_log", [1, 2], 7],
    ["in_proj.weight", [27, 6], 195],
  ] as const)("NaN in %s, with its position", (name, position, index) => {
    const make = paperNetwork();
    const op = make.ops[1] as MambaOp;
    const tensor = {
      "conv1d.weight": op.conv1d!.weight,
      A_log: op.aLog,
      "in_proj.weight": op.inProj.weight,
    }[name];
    tensor.data[index] = Number.NEGATIVE_INFINITY;
    const expected = { where: `mamba.${name}`, position, value: Number.NEGATIVE_INFINITY };
    expect(() => writeBlob(make)).toThrow(NonFinite);
    expect(() => writeBlob(make)).toThrow(expect.objectContaining(expected));
  });

  test.each<[string, Network]>([
    ["no ops", networkOf()],
    ["a value that is not there yet", networkOf(pool("p", 1, "max"))],
    ["a negative value", networkOf(pool("p", -1, "max"))],
    ["labels that are too few", { ...paper, labels: ["one"] }],
    ["a name with a NUL", networkOf(pool("p\0", 0, "max"))],
    ["unequal widths", { ...paper, ops: [linear, { kind: "add", name: "a", inputs: [0, 1] }] }],
    ...[0, -1e-5, 1e-40, 1e39, Number.NaN].map((eps): [string, Network] => [
      `eps of ${eps}`,
      networkOf({ ...new NetworkMaker(1).norm("n", 0, 2, "rms", false), eps }),
    ]),
  ])("%s", (_, network) => {
    expect(() => writeBlob(network)).toThrow(BadArgument);
  });

  test("a bias in an RMS norm", () => {
    const norm = { ...new NetworkMaker(1).norm("n", 0, 2, "layer", true), norm: "rms" as const };
    expect(() => writeBlob(networkOf(norm))).toThrow(BadCheckpoint);
  });

  test("more than 4 GiB, before any of it is made", () => {
    const data = new Float32Array(2 ** 22);
    const ops = Array.from({ length: 300 }, (_, i) => ({
      kind: "linear" as const,
      name: `l${i}`,
      input: i,
      weight: { name: `l${i}.weight`, shape: [2048, 2048], data },
    }));
    expect(() => writeBlob({ ...networkOf(...ops), inputWidth: 2048 })).toThrow(TooLarge);
  });

  test("a self-test of other sizes", () => {
    const input = new Float32Array(10);
    const outputs = [new Float32Array(3)];
    for (const selfTest of [
      { input, outputs: [new Float32Array(2)] },
      { input, outputs: [] },
      { input, outputs: [...outputs, ...outputs] },
      { input: new Float32Array(0), outputs },
      { input: new Int32Array(10), outputs },
      { input: new Float32Array(9), outputs },
    ]) {
      expect(() => writeBlob(paper, { selfTest })).toThrow(BadInput);
    }
  });
});

describe("createBlob", () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await Engine.load();
  });

  test("adds a self-test that the other core passes too", async () => {
    const other = await Engine.load({ simd: "off" });
    for (const network of [paperNetwork(), tiedLanguageModel()]) {
      const made = await createBlob(engine, network, { metadata: { a: 1 } });
      expect(await createBlob(other, network, { metadata: { a: 1 } })).toEqual(made);
      const model = await other.loadModel(made);
      expect(model.metadata).toEqual({ convention: network.convention, a: 1 });
      expect(model.info.selfTestInputs).toBe(8);
      model.createSession().selfTest();
      model.dispose();
    }
  });

  test("makes it longer than the convolution", async () => {
    const make = new NetworkMaker(1);
    const sizes = { inner: 4, states: 2, taps: 20, rank: 1, biases: true };
    const network = networkOf(make.mamba("m", 0, 2, sizes), pool("p", 1, "mean"));
    const model = await engine.loadModel(await createBlob(engine, network));
    expect(model.info.selfTestInputs).toBeGreaterThan(20);
    model.createSession().selfTest();
  });

  test("leaves it out where logits are NaN", async () => {
    const huge = { name: "w", shape: [2, 2], data: Float32Array.of(3e38, 3e38, -3e38, 3e38) };
    const network = networkOf(
      { kind: "linear", name: "a", input: 0, weight: huge },
      { kind: "linear", name: "b", input: 1, weight: { ...huge, data: huge.data.toReversed() } },
      pool("p", 2, "mean"),
    );
    const model = await engine.loadModel(await createBlob(engine, network));
    expect(model.info.selfTestInputs).toBe(0);
  });
});

describe("a matrix of i8", () => {
  /** Rows whose largest weights are 127, 0, 1e-44 and, of the others, odd multiples of a half step. */
  const rows = [
    [127, -126.5, 0.5, 1.5],
    [0, 0, 0, 0],
    [1e-44, 0, 0, 0],
    [-254, 2, 3, 5],
    [127, 1, 2, 3],
  ];
  const network: Network = {
    inputKind: "frames",
    inputWidth: 4,
    ops: [
      {
        kind: "linear",
        name: "linear",
        input: 0,
        weight: { name: "w", shape: [5, 4], data: Float32Array.from(rows.flat()) },
      },
      pool("pool", 1, "mean"),
    ],
    convention: "paper",
  };

  test("has its scales, then outputs 0, 4, 1, 5 ... side by side, rounded to even", () => {
    const blob = writeBlob(network, { transform: quantizeW8 });
    const view = new DataView(blob.buffer);
    const record = view.getUint32(HEADER.tensorOffset, true);
    expect(view.getUint16(record + TENSOR.dtype, true)).toBe(DTYPE.i8);
    expect(view.getUint32(record + TENSOR.bytes, true)).toBe(8 * (4 + 4));
    const data = view.getUint32(record + TENSOR.offset, true);
    const scales = new Float32Array(blob.buffer, data, 8);
    expect([...scales]).toEqual([1, 0, 0, 2, 1, 0, 0, 0]);
    const bytes = new Int8Array(blob.buffer, data + 32, 32);
    const order = [0, 2, 4, 6, 1];
    const found = order.map((place) => [0, 1, 2, 3].map((input) => bytes[8 * input + place]));
    expect(found).toEqual([
      [127, -126, 0, 2],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [-127, 1, 2, 2],
      [127, 1, 2, 3],
    ]);
  });
});
