/** Descriptors agree with the core's op classes and with each other; the variants of a Mamba block. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  DESCRIPTORS,
  moduleOf,
  PRIMITIVES,
  primitiveOfName,
  viewOf,
} from "../../../ts/graph/descriptors/index.js";
import { formOf, tensorsOf } from "../../../ts/graph/form.js";
import type {
  Conv2dOp,
  Mamba2Op,
  MambaOp,
  Network,
  Op,
  Pool2dOp,
  Tensor,
} from "../../../ts/graph/network.js";
import { BadArgument, BadCheckpoint, createBlob, Engine, writeBlob } from "../../../ts/node.js";
import { Reader } from "../blob/reader.js";
import { NetworkMaker, pool } from "../core/networks.js";
import { conv, network, tensor, WIDTH } from "./graphs.js";

describe("primitives", () => {
  test("have the numbers and names of the core's classes, and the core has no other", async () => {
    const wasm = readFileSync(new URL("../../../wasm/core.wasm", import.meta.url));
    const { instance } = await WebAssembly.instantiate(wasm);
    const core = instance.exports as {
      memory: WebAssembly.Memory;
      op_class_count(): number;
      op_class_name(kind: number): number;
    };
    const nameOf = (kind: number) => {
      const bytes = new Uint8Array(core.memory.buffer, core.op_class_name(kind));
      return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
    };
    const kinds = Array.from({ length: core.op_class_count() }, (_, kind) => [kind, nameOf(kind)]);
    const ours = PRIMITIVES.map(({ number, name }) => [number, name]);
    expect(ours).toEqual(kinds.filter(([, name]) => name !== ""));
  });

  test("have labels and names for what a blob says of them", () => {
    const causal = primitiveOfName("causal_conv")!;
    const view = viewOf(causal, { variant: 0, widths: [8], width: 8, words: [4, 2, 1] });
    expect(causal.label(view)).toBe("8, 4 taps, 2 ahead");
    const scan = primitiveOfName("selective_scan")!;
    const lowest = new Uint32Array(Float32Array.of(-1.5).buffer)[0]!;
    const words = { variant: 0, widths: [8, 7], width: 8, words: [3, 1, lowest] };
    expect(viewOf(scan, words).attribute("lowest_a")).toBe(-1.5);
    expect(scan.label(viewOf(scan, words))).toBe("8 × 3");
    expect(moduleOf("layers.0.mixer.in_proj.x")).toBe("layers.0.mixer");
    expect(moduleOf("classifier")).toBe("classifier");
  });
});

describe("descriptors", () => {
  test.each(Object.entries(DESCRIPTORS))(
    "%s is listed under its own name, and told",
    (kind, descriptor) => {
      expect(descriptor.kind).toBe(kind);
      expect(descriptor.summary.length).toBeGreaterThan(5);
      for (const field of Object.values(descriptor.fields)) expect(field.meaning).not.toBe("");
    },
  );

  const linear = new NetworkMaker(1).linear("l", 0, WIDTH, 3, true);

  test.each<[string, Op, RegExp]>([
    [
      "a choice",
      { ...pool("p", 0, "max"), pool: "median" } as never,
      /pool of op p.*mean, last.*median/,
    ],
    ["an integer", { ...conv("c", 0), stride: 0 }, /stride of op c.*integer from 1/],
    ["a padding", { ...conv("c", 0), padding: "valid" } as never, /padding of op c.*or an integer/],
    ["too much padding", conv("c", 0, { padding: 3 }), /padding of op c.*less than the 3 rows/],
    ["groups", conv("c", 0, { groups: 4 }), /groups of op c.*divisor/],
    [
      "an eps",
      { kind: "norm", name: "n", input: 0, norm: "rms", eps: 1e-40 },
      /eps of op n.*subnormal/,
    ],
    ["no tensor", { ...linear, weight: undefined } as never, /weight of op l.*a tensor/],
    ["inputs", { kind: "add", name: "a", inputs: [0] } as never, /inputs of op a.*2 values/],
    ["channels", { kind: "slice", name: "s", input: 0, first: 4, width: 3 }, /channels of op s/],
    [
      "a parameter",
      { kind: "activation", name: "a", input: 0, activation: "relu", parameter: 1 },
      /parameter of op a/,
    ],
    ["bands", conv2d({ bands: 4 }), /bands and groups of op d.*divisors of its input's width, 6/],
    ["groups of bands", conv2d({ bands: 3, groups: 4 }), /bands and groups of op d.*got 3 and 4/],
    ["outputs in groups", conv2d({ bands: 3, groups: 2 }, 5, 1), /groups of op d.*its 5 outputs/],
    [
      "a window beyond the bands",
      conv2d({ bandDilation: 2 }),
      /windows over bands of op d.*3 bands/,
    ],
    ["padding as wide", conv2d({ bandPadding: 3 }), /windows over bands of op d.*padding 3/],
    ["padding as long", conv2d({ padding: 3 }), /padding of op d.*less than the 3 rows/],
    ["a window of bands", { ...BAND_POOL, bandWindow: 4 }, /windows over bands of op p.*4 taps/],
    ["bands of a pool", { ...BAND_POOL, bands: 4 }, /bands of op p.*a divisor of its width, 6/],
    ["a pool of bands", { ...BAND_POOL, pool: "median" } as never, /pool of op p.*average, max/],
    ["heads", attention(4), /heads of op a.*a divisor of 6.*4/],
    ["groups of heads", mamba2({ groups: 3 }), /groups of op m.*a divisor of its 2 heads/],
    ["limits of dt", mamba2({ leastDt: 0.5, mostDt: 0.1 }), /limits of dt of op m.*0.5 and 0.1/],
    ["a norm's place", mamba2({ normPlace: "beside" as never }), /normPlace of op m.*behind_gate/],
  ])("refuse %s by name", (_, op, message) => {
    expect(() => writeBlob(network([op]))).toThrow(BadArgument);
    expect(() => writeBlob(network([op]))).toThrow(message);
  });

  test("find sizes and tensors of any op", () => {
    const block = new NetworkMaker(1).mamba("m", 0, WIDTH, SIZES);
    const form = formOf<Op>(block, [WIDTH]);
    expect(["inner", "states", "rank", "taps", "out"].map((name) => form.sizes.get(name))).toEqual([
      8, 3, 2, 4, 5,
    ]);
    expect(tensorsOf(block)).toHaveLength(11);
  });
});

/** 2 channels of 3 bands. */
function conv2d(fields: Partial<Conv2dOp>, outputs = 4, inputs = 2): Conv2dOp {
  const weight = tensor("d.weight", outputs, inputs, 3, 3);
  return { kind: "conv2d", name: "d", input: 0, weight, bands: 3, ...fields };
}

const BAND_POOL: Pool2dOp = {
  ...{ kind: "pool2d", name: "p", input: 0, pool: "max" },
  ...{ bands: 3, window: 2, bandWindow: 2 },
};

function attention(heads: number): Op {
  const layer = (name: string, rows: number) => ({ weight: tensor(name, rows, WIDTH) });
  const [inProj, outProj] = [layer("a.in", 3 * WIDTH), layer("a.out", WIDTH)];
  return { kind: "attention", name: "a", input: 0, heads, inProj, outProj };
}

/** 2 heads of 4 channels, 2 states. */
function mamba2(fields: Partial<Mamba2Op>): Mamba2Op {
  return {
    ...{ kind: "mamba2", name: "m", input: 0 },
    inProj: { weight: tensor("m.in_proj", 22, WIDTH) },
    conv1d: { weight: tensor("m.conv1d", 12, 1, 4) },
    aLog: tensor("m.A_log", 2),
    ...fields,
  };
}

const SIZES = { inner: 8, states: 3, taps: 4, rank: 2, output: 5, biases: true };
const FRAMES = 11;

/** Rows of `tensor` in another order. */
function reordered({ name, shape, data }: Tensor, order: readonly number[]): Tensor {
  const columns = data.length / shape[0]!;
  const rows = order.map((row) => Array.from(data.subarray(row * columns, (row + 1) * columns)));
  return { name, shape: [order.length, ...shape.slice(1)], data: Float32Array.from(rows.flat()) };
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

async function bitsOf(graph: Network): Promise<string> {
  const engine = await Engine.load();
  const model = await engine.loadModel(await createBlob(engine, graph));
  const [output] = model.createSession().run(new NetworkMaker(2).frames(FRAMES, WIDTH));
  engine.dispose();
  return Buffer.from(output!.data.buffer).toString("hex");
}

describe("a Mamba block", () => {
  const block = new NetworkMaker(4).mamba("m", 0, WIDTH, SIZES);
  const { inner, states, rank } = SIZES;

  test("has the same bits for every order of x_proj's rows", async () => {
    const parts = { dt: range(0, rank), B: range(rank, states), C: range(rank + states, states) };
    const expected = await bitsOf(network([block]));
    for (const xProjOrder of ["dtCB", "BCdt", "CBdt", "BdtC", "CdtB"] as const) {
      const names = xProjOrder.match(/dt|B|C/g) as (keyof typeof parts)[];
      const rows = names.flatMap((name) => parts[name]);
      const xProj = { weight: reordered(block.xProj.weight, rows) };
      expect(await bitsOf(network([{ ...block, xProj, xProjOrder }]))).toBe(expected);
      expect(await bitsOf(network([{ ...block, xProjOrder }]))).not.toBe(expected);
    }
  });

  /** The block as ops of the network, from in_proj's halves on. */
  function asOps(op: MambaOp): Op[] {
    const half = (first: number) => ({
      weight: reordered(op.inProj.weight, range(first, inner)),
      bias: reordered(op.inProj.bias!, range(first, inner)),
    });
    const activation = op.gate === undefined || op.gate === "none" ? "silu" : op.gate;
    const padding = op.convolution === "centred" ? "same" : "causal";
    const { xProj, dtProj, aLog, d, scanNorm } = op;
    const scan = { xProj, dtProj, aLog, ...(d && { d }), ...(scanNorm && { scanNorm }) };
    return [
      { kind: "linear", name: "x", input: 0, ...half(0) },
      { kind: "conv1d", name: "conv", input: 1, ...op.conv1d!, padding, groups: inner },
      { kind: "activation", name: "silu", input: 2, activation: "silu" },
      { kind: "selective_scan", name: "scan", input: 3, ...scan },
      { kind: "gate", name: "gate", inputs: [4, 0], ...half(inner), activation },
      { kind: "linear", name: "out", input: 5, ...op.outProj! },
    ];
  }

  test.each<[string, Partial<MambaOp>]>([
    ["as it is", {}],
    ["with a sigmoid gate", { gate: "sigmoid" }],
    ["with a centred convolution", { convolution: "centred" }],
    ["with norms without weights", { scanNorm: { eps: 1e-6 } }],
    [
      "with norms that have weights",
      { scanNorm: { eps: 1e-5, dt: tensor("dt", 2), b: tensor("b", 3), c: tensor("c", 3) } },
    ],
  ])("%s is what its parts are", async (_, variant) => {
    const op = { ...block, ...variant };
    const bits = await bitsOf(network([op]));
    expect(bits).toBe(await bitsOf(network(asOps(op))));
    const isPlain = Object.keys(variant).length === 0;
    if (!isPlain) expect(bits).not.toBe(await bitsOf(network([block])));
  });

  test("may lack its convolution, gate, D and out_proj", async () => {
    const { conv1d: _, outProj: __, d: ___, ...rest } = block;
    const inProj = {
      weight: reordered(block.inProj.weight, range(0, inner)),
      bias: reordered(block.inProj.bias!, range(0, inner)),
    };
    const bare: MambaOp = { ...rest, inProj, gate: "none", convActivation: "none" };
    const names = new Reader(writeBlob(network([bare]))).ops().map(({ name }) => name);
    expect(names).toEqual(["m.in_proj.x", "m.x_proj", "m.selective_scan"]);
    expect(await bitsOf(network([bare]))).not.toBe("");
  });

  test.each<[string, number, RegExp]>([
    ["0", -105, /A_log\[1, 2\].*below 0 and finite.*A is 0/],
    ["infinite", 89, /A_log\[1, 2\].*A is infinite/],
  ])("is refused with an A of %s", (_, value, message) => {
    const data = Float32Array.from(block.aLog.data);
    data[5] = value;
    const op = { ...block, aLog: { ...block.aLog, data } };
    expect(() => writeBlob(network([op]))).toThrow(BadCheckpoint);
    expect(() => writeBlob(network([op]))).toThrow(message);
  });

  test("stores its weights once for both directions", () => {
    const backward: Op[] = [
      block,
      { kind: "reverse", name: "flip", input: 0 },
      { ...block, name: "back", input: 2 },
      { kind: "reverse", name: "flip_back", input: 3 },
      { kind: "add", name: "both", inputs: [1, 4] },
    ];
    const one = new Reader(writeBlob(network([block])));
    const both = new Reader(writeBlob(network(backward)));
    expect(both.header("tensorCount")).toBe(one.header("tensorCount"));
    const tensorsNamed = (name: string) =>
      both
        .ops()
        .filter((op) => op.name.endsWith(name))
        .map(({ tensors }) => tensors);
    const [forwards, backwards] = tensorsNamed(".selective_scan");
    expect(forwards).toEqual(backwards);
  });
});
