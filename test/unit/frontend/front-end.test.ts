/** Front ends as files say them, and their place before a network. */
import { describe, expect, test } from "vitest";
import {
  type FrontEnd,
  logmelOp,
  readFrontEnd,
  readLabels,
  withFrontEnd,
} from "../../../ts/frontend/index.js";
import type { AffineOp, LogmelOp } from "../../../ts/graph/network.js";
import { BadArgument, BadFile, Engine, writeBlob } from "../../../ts/node.js";
import { referenceLogits } from "../../property/reference.js";
import { add, NetworkMaker, paperNetwork, pool, tiedLanguageModel } from "../core/networks.js";

const LOGMEL = {
  kind: "logmel",
  sampleRateHz: 8000,
  windowSamples: 60,
  hopSamples: 25,
  fftSamples: 64,
  bands: 5,
  lowHz: 100,
  highHz: 4000,
  energyFloor: 1e-5,
  scale: [0.2, 0.3, 0.2, 0.1, 0.2],
  shift: [1, 0.5, 0.8, 1.2, 1],
} as const;
const AFFINE = { kind: "affine", scale: LOGMEL.scale, shift: LOGMEL.shift } as const;

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function read(value: unknown): FrontEnd {
  return readFrontEnd(bytesOf(JSON.stringify(value)));
}

describe("readFrontEnd", () => {
  test("reads both kinds, and leaves out what is for people", () => {
    expect(read(LOGMEL)).toEqual(LOGMEL);
    expect(read({ ...LOGMEL, samples: 16_000, source: "somebody" })).toEqual(LOGMEL);
    expect(read(AFFINE)).toEqual(AFFINE);
    expect(read({ ...LOGMEL, kind: "affine" })).toEqual(AFFINE);
  });

  test.each([
    ["no JSON", bytesOf("{"), /JSON/],
    ["no text", Uint8Array.of(0xff, 0xfe, 0), /not a valid front end file/],
    ["nothing", new Uint8Array(0), /not a valid front end file/],
    ["an array", bytesOf("[]"), /expected a JSON object/],
    ["null", bytesOf("null"), /expected a JSON object/],
    ["a number", bytesOf("3"), /expected a JSON object/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => readFrontEnd(bytes)).toThrow(BadFile);
    expect(() => readFrontEnd(bytes)).toThrow(message);
  });

  test.each([
    ["no kind", { ...LOGMEL, kind: undefined }, /kind is missing/],
    ["another kind", { ...LOGMEL, kind: "mfcc" }, /kind is "mfcc", expected "logmel" or "affine"/],
    ["a kind that is no text", { ...LOGMEL, kind: ["logmel"] }, /kind is \["logmel"\]/],
    ["no number of bands", { ...LOGMEL, bands: undefined }, /bands is missing, expected a number/],
    ["bands as text", { ...LOGMEL, bands: "40" }, /bands is "40", expected a number/],
    ["a floor that is not finite", { ...LOGMEL, energyFloor: Number.NaN }, /energyFloor is null/],
    ["no scale", { ...AFFINE, scale: undefined }, /scale is missing or not an array of numbers/],
    ["an empty scale", { ...AFFINE, scale: [] }, /scale is missing or not/],
    ["a shift of texts", { ...AFFINE, shift: ["1"] }, /shift is missing or not/],
    ["a shift with a hole", { ...AFFINE, shift: [1, null] }, /shift is missing or not/],
    ["a scale that is one number", { ...LOGMEL, scale: 2 }, /scale is missing or not/],
  ])("refuses %s", (_, value, message) => {
    expect(() => read(value)).toThrow(BadFile);
    expect(() => read(value)).toThrow(message);
  });
});

describe("readLabels", () => {
  test("reads texts", () => {
    expect(readLabels(bytesOf('["yes", "grün", ""]'))).toEqual(["yes", "grün", ""]);
  });

  test.each(["", "{}", '"yes"', '["yes", 3]', "[null]", "["])("refuses %j", (text) => {
    expect(() => readLabels(bytesOf(text))).toThrow(BadFile);
  });
});

describe("withFrontEnd", () => {
  const network = paperNetwork();

  test("takes samples to log-mel frames, scaled, before the network", () => {
    const whole = withFrontEnd(network, LOGMEL);
    expect(whole).toMatchObject({ inputKind: "samples", inputWidth: 1, labels: network.labels });
    expect(whole.ops.map(({ name }) => name)).toEqual([
      ...["logmel", "affine"],
      ...["linear_in", "mamba", "pool", "classifier"],
    ]);
    expect(whole.ops[0]).toEqual(logmelOp(LOGMEL));
    const affine = whole.ops[1] as AffineOp;
    expect(affine).toMatchObject({ kind: "affine", input: 1 });
    expect(affine.scale.data).toEqual(Float32Array.from(LOGMEL.scale));
    expect(affine.shift.data).toEqual(Float32Array.from(LOGMEL.shift));
    expect(whole.ops.slice(2).map((op) => "input" in op && op.input)).toEqual([2, 3, 4, 5]);
    expect(network).toEqual(paperNetwork());
  });

  test("scales frames before the network", () => {
    const whole = withFrontEnd(network, AFFINE);
    expect(whole).toMatchObject({ inputKind: "frames", inputWidth: 5 });
    const frames = new NetworkMaker(5).frames(9, 5);
    const scaled = frames.map(
      (x, i) => x * Math.fround(AFFINE.scale[i % 5]!) + Math.fround(AFFINE.shift[i % 5]!),
    );
    const [got, expected] = [referenceLogits(whole, frames), referenceLogits(network, scaled)];
    for (const [i, logit] of expected.entries()) expect(got[i]).toBeCloseTo(logit, 5);
  });

  test("moves what every op reads, both inputs of an add among them", () => {
    const make = new NetworkMaker(6);
    const before = {
      ...network,
      ops: [make.linear("in", 0, 5, 5, true), add("sum", 0, 1), pool("pool", 2, "max")],
    };
    const [, , sum, last] = withFrontEnd(before, AFFINE).ops;
    expect(sum).toMatchObject({ inputs: [1, 2] });
    expect(last).toMatchObject({ input: 3 });
    expect(withFrontEnd(before, LOGMEL).ops[3]).toMatchObject({ inputs: [2, 3] });
  });

  test("makes a network that the core takes", async () => {
    const engine = await Engine.load();
    for (const frontEnd of [LOGMEL, AFFINE]) {
      const model = await engine.loadModel(writeBlob(withFrontEnd(network, frontEnd)));
      expect(model.ops.at(-1)!.name).toBe("classifier");
    }
    engine.dispose();
  });

  test.each([
    ["a network of tokens", tiedLanguageModel(), LOGMEL, /frames, got one of tokens/],
    ["a network of samples", withFrontEnd(network, LOGMEL), AFFINE, /got one of samples/],
    ["too few bands", network, { ...LOGMEL, bands: 4 }, /frames of 5, .* got 4/],
    ["too few scales", network, { ...LOGMEL, scale: [1, 2] }, /scale: expected 5 numbers, got 2/],
    ["too many shifts", network, { ...LOGMEL, shift: [1, 2, 3, 4, 5, 6] }, /shift: .* got 6/],
    ["another width", network, { ...AFFINE, scale: [1, 2] }, /frames of 5, .* got 2/],
    ["unequal lengths", network, { ...AFFINE, shift: [1] }, /shift: expected 5 numbers, got 1/],
    ["a form that is none", network, { ...LOGMEL, hopSamples: 0 }, /hopSamples/],
  ] as const)("refuses %s", (_, before, frontEnd, message) => {
    expect(() => withFrontEnd(before, frontEnd)).toThrow(BadArgument);
    expect(() => withFrontEnd(before, frontEnd)).toThrow(message);
  });
});

describe("logmelOp", () => {
  const op: LogmelOp = logmelOp(LOGMEL, "front");

  test("has a periodic Hann window", () => {
    const { data, shape, name } = op.window;
    expect([name, shape]).toEqual(["front.window", [60]]);
    expect(data[0]).toBe(0);
    expect(data[15]).toBe(0.5);
    expect(data[30]).toBe(1);
    for (let n = 1; n < 60; n++) expect(data[n]).toBeCloseTo(data[60 - n]!, 7);
  });

  test("has the roots of unity", () => {
    expect(op.twiddles.shape).toEqual([32, 2]);
    const { data } = op.twiddles;
    expect([...data.subarray(0, 2)]).toEqual([1, -0]);
    expect(data[2 * 16]).toBeCloseTo(0, 15);
    expect(data[2 * 16 + 1]).toBe(-1);
    expect(data[2 * 8]).toBe(Math.fround(Math.SQRT1_2));
    expect(data[2 * 8 + 1]).toBe(Math.fround(-Math.SQRT1_2));
  });

  test("has triangles that meet: neighbours add up to 1 between the outer centres", () => {
    const sums = new Float64Array(33);
    let next = 0;
    for (let band = 0; band < 5; band++) {
      const [first, count] = op.filterBins.data.subarray(2 * band, 2 * band + 2);
      for (let i = 0; i < count!; i++) {
        const weight = op.filters.data[next++]!;
        expect(weight).toBeGreaterThan(0);
        expect(weight).toBeLessThanOrEqual(1);
        sums[first! + i]! += weight;
      }
    }
    expect(next).toBe(op.filters.data.length);
    expect(sums[0]).toBe(0); // below 100 Hz
    expect(sums[32]).toBe(0); // the right edge itself
    const whole = Array.from(sums).filter((sum) => Math.abs(sum - 1) < 1e-6);
    expect(whole.length).toBeGreaterThan(15);
  });

  test("says the rest as it is", () => {
    expect(op).toMatchObject({
      ...{ kind: "logmel", name: "front", input: 0 },
      ...{ sampleRateHz: 8000, hopSamples: 25, energyFloor: 1e-5 },
    });
  });

  test("takes the extremes", () => {
    const least = { ...LOGMEL, windowSamples: 1, hopSamples: 1, fftSamples: 4, bands: 1, lowHz: 0 };
    expect(logmelOp(least).window.data).toEqual(Float32Array.of(0));
    expect(logmelOp({ ...LOGMEL, windowSamples: 64, hopSamples: 64 }).window.shape).toEqual([64]);
    expect(logmelOp({ ...LOGMEL, energyFloor: 2 ** -126 }).energyFloor).toBe(2 ** -126);
  });

  test.each([
    ["sampleRateHz", 0],
    ["sampleRateHz", 8000.5],
    ["sampleRateHz", 2 ** 25],
    ["fftSamples", 2],
    ["fftSamples", 48],
    ["fftSamples", 2 ** 17],
    ["windowSamples", 0],
    ["windowSamples", 65],
    ["windowSamples", 20.5],
    ["hopSamples", 0],
    ["hopSamples", 61],
    ["hopSamples", Number.NaN],
    ["bands", 0],
    ["bands", 65],
    ["energyFloor", 0],
    ["energyFloor", -1e-5],
    ["energyFloor", 2 ** -127],
    ["energyFloor", 1e39],
    ["energyFloor", Number.NaN],
  ])("refuses %s %d, naming it", (name, value) => {
    const refused = expect.objectContaining({ argument: name });
    expect(() => logmelOp({ ...LOGMEL, [name]: value })).toThrow(BadArgument);
    expect(() => logmelOp({ ...LOGMEL, [name]: value })).toThrow(refused);
  });

  test.each([
    [-1, 4000],
    [4000, 4000],
    [300, 200],
    [100, 4001],
    [Number.NaN, 4000],
    [100, Number.POSITIVE_INFINITY],
  ])("refuses bands from %d to %d Hz", (lowHz, highHz) => {
    expect(() => logmelOp({ ...LOGMEL, lowHz, highHz })).toThrow(/0 <= low < high <= 4000/);
  });

  test("refuses bands too narrow to hold a bin, naming the first", () => {
    expect(() => logmelOp({ ...LOGMEL, bands: 40 })).toThrow(BadArgument);
    expect(() => logmelOp({ ...LOGMEL, bands: 40 })).toThrow(
      /band \d+ \(\d+ to \d+ Hz\) holds none/,
    );
  });
});
