/** Whole networks as integers: the bundled ones keep their classes, and what cannot be done is said. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  BadArgument,
  BadInput,
  Engine,
  type Network,
  NonFinite,
  quantizeNetwork,
} from "../../../ts/node.js";
import { NetworkMaker, pool } from "../core/networks.js";
import { bundled, sourceOf } from "./support.js";

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => engine.dispose());

const MAMBA = { inner: 6, states: 4, taps: 3, rank: 2, output: 5, biases: true };

function smallNetwork(): Network {
  const make = new NetworkMaker(7);
  return {
    inputKind: "frames",
    inputWidth: 5,
    ops: [
      make.mamba("m", 0, 5, MAMBA),
      pool("pool", 1, "mean"),
      make.linear("head", 2, 5, 3, true),
    ],
    convention: "test",
  };
}

function frames(seed: number, count = 3) {
  const make = new NetworkMaker(seed);
  return sourceOf(Array.from({ length: count }, () => make.frames(20, 5)));
}

describe("the bundled networks", () => {
  test.each([
    ["har", 0.4],
    ["kws", 0.4],
  ])("%s keeps the classes of its examples, in less than half of the flash", async (name, most) => {
    const { network, examples } = bundled(name);
    const { blob, report } = await quantizeNetwork(engine, network, examples, { shares: false });
    expect(report.evaluation).toMatchObject({ inputs: 3, sameClasses: 3, saturations: 0 });
    expect(report.evaluation.meanRelative).toBeLessThan(0.01);
    expect(report.after.blobBytes / report.before.blobBytes).toBeLessThan(most);
    expect(report.after.arenaBytes).toBeLessThan(report.before.arenaBytes!);
    expect(report.notes[0]).toEqual("3 inputs say little of how large values get: 16 or more do");
    const model = await engine.loadModel(blob);
    expect(model.selfTest()).toBe(true);
    expect(model.ops.filter(({ kind }) => kind.endsWith("_int")).length).toBeGreaterThan(10);
    model.dispose();
  });

  test("har with a state of 16 bits takes two thirds of the memory", async () => {
    const { network, examples } = bundled("har");
    const options = { shares: false, stateBits: 16 } as const;
    const { report } = await quantizeNetwork(engine, network, examples, options);
    expect(report.evaluation.sameClasses).toBe(3);
    expect(report.after.arenaBytes).toBeLessThanOrEqual(4400);
  });
});

describe("a report", () => {
  test("has every value, and the share of every op of the error", async () => {
    const { report } = await quantizeNetwork(engine, smallNetwork(), frames(1, 16));
    expect(report.notes).toEqual([]);
    const gate = report.values.find(({ op }) => op === "m.gate");
    expect(gate).toMatchObject({ type: "i32" });
    expect(gate!.largest * 2 ** gate!.exponent).toBeLessThan(2 ** 27.01);
    expect(report.shares.map(({ op }) => op)).toContain("m.selective_scan");
    expect(report.shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    const errors = report.shares.map(({ meanRelative }) => meanRelative);
    expect(errors).toEqual(errors.toSorted((a, b) => b - a));
  });

  test("says how little one input, or a range that still grows, is", async () => {
    const one = await quantizeNetwork(engine, smallNetwork(), frames(1, 1), { shares: false });
    expect(one.report.notes[0]).toMatch(/^1 input says little/);
    const make = new NetworkMaker(1);
    const sizes = Array.from({ length: 16 }, (_, i) => (i % 2 === 0 && i > 0 ? 20 : 1));
    const growing = sourceOf(sizes.map((size) => make.frames(9, 5).map((x) => x * size)));
    const { report } = await quantizeNetwork(engine, smallNetwork(), growing, { shares: false });
    expect(report.notes[0]).toMatch(/ grew [\d.]+ times over the second half of the inputs/);
  });

  test("counts states that inputs far outside of the calibration drive to the end of their range", async () => {
    const calm = frames(1, 16);
    const loud = sourceOf([new NetworkMaker(2).frames(60, 5).map((x) => x * 1000)]);
    const options = { shares: false, evaluation: loud };
    const { report } = await quantizeNetwork(engine, smallNetwork(), calm, options);
    expect(report.evaluation.saturations).toBeGreaterThan(0);
  });
});

describe("--float", () => {
  test("leaves an op or a module in floats, between conversions", async () => {
    const options = { shares: false, float: ["m.gate", "head"] };
    const { blob } = await quantizeNetwork(engine, smallNetwork(), frames(1), options);
    const model = await engine.loadModel(blob);
    const kinds = new Map(model.ops.map(({ name, kind }) => [name, kind]));
    expect(kinds.get("m.gate")).toBe("gate");
    expect(kinds.get("head")).toBe("linear");
    expect(kinds.get("m.selective_scan")).toBe("selective_scan_int");
    expect([...kinds.values()]).toEqual(expect.arrayContaining(["quantize", "dequantize"]));
    model.dispose();
  });

  test("of everything is the float network", async () => {
    const options = { shares: false, float: ["m", "pool", "head"] };
    const { report } = await quantizeNetwork(engine, smallNetwork(), frames(1), options);
    expect(report.evaluation.maxRelative).toBe(0);
  });

  test("refuses a name that no op has", async () => {
    const quantizing = quantizeNetwork(engine, smallNetwork(), frames(1), { float: ["nose"] });
    await expect(quantizing).rejects.toThrow(/float: expected names of ops: .*got nose/);
  });
});

describe("what cannot be done", () => {
  test("inputs: none, zeros only, NaN, another shape", async () => {
    const attempt = (inputs: readonly Float32Array[]) =>
      quantizeNetwork(engine, smallNetwork(), sourceOf(inputs));
    await expect(attempt([])).rejects.toThrow(BadInput);
    await expect(attempt([new Float32Array(20)])).rejects.toThrow(/got zeros only/);
    await expect(attempt([new Float32Array(20).fill(Number.NaN)])).rejects.toThrow(NonFinite);
    await expect(attempt([new Float32Array(7)])).rejects.toThrow(BadInput);
  });

  test("an op without a form in integers is named, with the way out; with it, it is done", async () => {
    const network: Network = {
      ...smallNetwork(),
      ops: [
        { kind: "softmax", name: "soft", input: 0, softmax: "softmax" },
        ...behind(smallNetwork()),
      ],
    };
    const attempt = quantizeNetwork(engine, network, frames(1), { shares: false });
    await expect(attempt).rejects.toThrow(/^op soft: expected .*--float soft, got softmax$/);
    const options = { shares: false, float: ["soft"] };
    const { report } = await quantizeNetwork(engine, network, frames(1), options);
    expect(report.evaluation.meanRelative).toBeLessThan(0.05);
  });

  test("patches in row order are named as well", async () => {
    const split = { kind: "split_rows", name: "patches", input: 0, count: 5 } as const;
    const ops = [split, pool("pool", 1, "mean")];
    const attempt = quantizeNetwork(engine, { ...smallNetwork(), ops }, frames(1), {
      shares: false,
    });
    await expect(attempt).rejects.toThrow(
      /^op patches: expected .*--float patches, got split_rows$/,
    );
  });

  test("a margin below 1 is refused, a larger one takes digits from the state", async () => {
    const options = { shares: false, stateBits: 16 } as const;
    const attempt = (stateMargin: number) =>
      quantizeNetwork(engine, smallNetwork(), frames(1), { ...options, stateMargin });
    for (const margin of [0, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(attempt(margin)).rejects.toThrow(
        /^stateMargin: expected a number from 1 on, got/,
      );
    }
    const exponentOf = async (margin: number) => {
      const { report } = await attempt(margin);
      return report.values.find(({ op }) => op === "m.selective_scan")!.exponent;
    };
    expect(await exponentOf(4)).toBe((await exponentOf(1)) - 2);
  });

  test("a value that is not finite is named", async () => {
    const huge = sourceOf([new NetworkMaker(1).frames(9, 5).map((x) => x * 1e38)]);
    await expect(quantizeNetwork(engine, smallNetwork(), huge)).rejects.toThrow(
      /^m\.selective_scan: expected finite values/,
    );
  });

  test("a dt beyond what 16 bits make is named", async () => {
    const network = smallNetwork();
    const [mamba] = network.ops as [ReturnType<NetworkMaker["mamba"]>];
    mamba.dtProj.bias!.data.fill(40);
    await expect(quantizeNetwork(engine, network, frames(1))).rejects.toThrow(
      /^dt of op m\.selective_scan: expected at most 15\.9 .*--float m\.selective_scan, got 4/,
    );
    expect(BadArgument).toBeDefined();
  });

  test("dead channels, weights of 0 and a million between channels are quantised", async () => {
    const network = smallNetwork();
    const [mamba, , head] = network.ops as [
      ReturnType<NetworkMaker["mamba"]>,
      unknown,
      ReturnType<NetworkMaker["linear"]>,
    ];
    mamba.conv1d!.weight.data.fill(0, 0, 3);
    mamba.inProj.weight.data.fill(0, 5, 10);
    head.weight.data.fill(0, 0, 5);
    const make = new NetworkMaker(3);
    const wide = Array.from({ length: 16 }, () =>
      make.frames(20, 5).map((x, i) => x * (i % 5 === 0 ? 3 : 3e-6)),
    );
    const { report } = await quantizeNetwork(engine, network, sourceOf(wide), { shares: false });
    expect(report.evaluation.meanRelative).toBeLessThan(0.1);
  });
});

/** The ops with one more in front. */
function behind({ ops }: Network): Network["ops"] {
  return ops.map((op) => ({
    ...op,
    ...("input" in op && { input: op.input + 1 }),
  })) as Network["ops"];
}
