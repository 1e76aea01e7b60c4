/** Probabilities and labels of logits. */
import { describe, expect, it, test } from "vitest";
import { probabilitiesOf } from "../../../ts/core/classify.js";
import { BadInput, BadState, classify, softmax } from "../../../ts/node.js";

test("softmax holds for logits of any size", () => {
  expect([...softmax([0, Math.log(3)])].map((p) => p.toFixed(6))).toEqual(["0.250000", "0.750000"]);
  expect([...softmax([1000, -1000])]).toEqual([1, 0]);
});

test("classify names classes, the most probable first", () => {
  const output = { name: "logits", shape: [3], data: Float32Array.of(0, 2, 1) };
  const rows = classify([output], ["a", "b", "c"]);
  expect(rows.map(({ label, classIndex }) => `${label}${classIndex}`)).toEqual(["b1", "c2", "a0"]);
  expect(rows.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6);
  expect(classify(output.data)[0]).toMatchObject({ label: "1", classIndex: 1 });
  expect(() => classify(output.data, ["a"])).toThrow(BadInput);
  expect(() => classify([output, output])).toThrow(BadState);
});

describe("probabilities of what a network says", () => {
  it("are the softmax of logits, and what are probabilities already", () => {
    const [a, b] = probabilitiesOf(Float32Array.of(2, 0))!;
    expect(a! / b!).toBeCloseTo(Math.exp(2), 5);
    expect(probabilitiesOf(Float32Array.of(0.25, 0.75))).toEqual(Float32Array.of(0.25, 0.75));
  });

  it("are none of a single value, of what is no number, and of what is from 0 to 1 each by itself", () => {
    expect(probabilitiesOf(Float32Array.of(3))).toBe(undefined);
    expect(probabilitiesOf(Float32Array.of(1, Number.NaN))).toBe(undefined);
    expect(probabilitiesOf(Float32Array.of(0.9, 0.8))).toBe(undefined);
  });
});
