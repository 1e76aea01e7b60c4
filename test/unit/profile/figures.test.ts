import { describe, expect, it } from "vitest";
import {
  classOf,
  compareLogits,
  exampleInput,
  firstMaximum,
  summarize,
} from "../../../ts/profile/index.js";

describe("summarize", () => {
  it("gives median, nearest-rank 95th percentile and least", () => {
    const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(summarize(samples)).toEqual({ runs: 100, medianMs: 50.5, p95Ms: 95, minMs: 1 });
    expect(summarize([3, 1, 2])).toEqual({ runs: 3, medianMs: 2, p95Ms: 3, minMs: 1 });
    expect(summarize([7])).toEqual({ runs: 1, medianMs: 7, p95Ms: 7, minMs: 7 });
  });
});

describe("classOf", () => {
  it("is the first maximum, and none of one value", () => {
    expect(classOf(Float32Array.of(1, 5, 5))).toBe(1);
    expect(classOf(Float32Array.of(Number.NaN, Number.NaN))).toBe(-1);
    expect(classOf(Float32Array.of(0.5))).toBe(-1);
  });
});

describe("firstMaximum", () => {
  it("takes the first of equal maxima, and no NaN", () => {
    expect(firstMaximum(Float32Array.of(1, 5, 5, 2))).toBe(1);
    expect(firstMaximum(Float32Array.of(Number.NaN, -3, -2))).toBe(2);
    expect(firstMaximum(Float32Array.of(-Infinity, Number.NaN))).toBe(0);
    expect(firstMaximum(Float32Array.of(0, -0))).toBe(0);
    expect(firstMaximum(Float32Array.of(Number.NaN))).toBe(-1);
    expect(firstMaximum(new Float32Array())).toBe(-1);
  });
});

describe("compareLogits", () => {
  it("measures errors by the largest logit of each case", () => {
    const ours = [Float32Array.of(10, 0), Float32Array.of(1, 2)];
    const reference = [Float64Array.of(8, 1), Float64Array.of(1, 2)];
    const { cases, maxRelative, meanRelative, sameClasses } = compareLogits(ours, reference);
    expect(cases.map((c) => [c.maxRelative, c.meanRelative])).toEqual([
      [0.25, 0.1875],
      [0, 0],
    ]);
    expect([maxRelative, meanRelative, sameClasses]).toEqual([0.25, 0.09375, 2]);
  });

  it("lets neither NaN nor a reference of zeros pass for a small error", () => {
    const nan = compareLogits([Float32Array.of(Number.NaN, 1)], [Float64Array.of(1, 1)]);
    expect(nan.maxRelative).toBe(Infinity);
    expect(nan.cases[0]?.sameClass).toBe(false);
    expect(compareLogits([Float32Array.of(1e-9)], [Float64Array.of(0)]).maxRelative).toBe(Infinity);
    expect(compareLogits([Float32Array.of(0)], [Float64Array.of(0)]).maxRelative).toBe(0);
  });
});

describe("exampleInput", () => {
  it("is the same every time, and as long as asked for", () => {
    const noSamples = { windowSamples: 0, hopSamples: 0 };
    const frames = { inputKind: "frames", inputWidth: 3, vocabulary: 0, ...noSamples } as const;
    const input = exampleInput(frames, 50);
    expect(input).toEqual(exampleInput(frames, 50));
    expect(input).toHaveLength(150);
    expect(input.every((value) => value >= -1 && value <= 1)).toBe(true);
    const tokens = { inputKind: "tokens", inputWidth: 1, vocabulary: 5, ...noSamples } as const;
    expect(new Set(exampleInput(tokens, 200))).toEqual(new Set([0, 1, 2, 3, 4]));
    const hops = { windowSamples: 400, hopSamples: 160 };
    const samples = { inputKind: "samples", inputWidth: 1, vocabulary: 0, ...hops } as const;
    expect(exampleInput(samples, 3)).toHaveLength(400 + 2 * 160);
  });
});
