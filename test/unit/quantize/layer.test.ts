/** Integer layers: their numbers stand for the real ones, and no sum can leave 32 bits. */
import { describe, expect, test } from "vitest";
import {
  type LayerForm,
  quantizeLayer,
  quantizeTaps,
  type RealLayer,
  SHIFTS_16,
  SHIFTS_32,
} from "../../../ts/quantize/layer.js";
import { uniformNumbers } from "../core/networks.js";

const FORM: LayerForm = {
  largestWeight: 127,
  from: 12,
  to: [11, 11, 11],
  shifts: SHIFTS_16,
  isNarrowed: false,
};

function randomLayer(seed: number, rows: number, columns: number, scales: number[]): RealLayer {
  const uniform = uniformNumbers(seed);
  const weights = Float64Array.from(
    { length: rows * columns },
    (_, i) => (2 * uniform() - 1) * scales[Math.floor(i / columns)]!,
  );
  return { weights, rows, bias: Float64Array.from({ length: rows }, () => 2 * uniform() - 1) };
}

/** What one unit of a weight of a row stands for. */
function scaleOf(made: ReturnType<typeof quantizeLayer>, row: number, from: number): number {
  return made.multiplier[row]! * 2 ** (from - made.exponents[row]! - 16 - made.shift);
}

function requireProof(made: ReturnType<typeof quantizeLayer>, rows: number): void {
  const columns = made.weights.length / rows;
  for (let row = 0; row < rows; row++) {
    let most = Math.abs(made.bias?.[row] ?? 0);
    for (let i = 0; i < columns; i++) most += 32768 * Math.abs(made.weights[row * columns + i]!);
    expect(most).toBeLessThan(2 ** 31);
  }
}

describe("a layer of bytes", () => {
  test("has weights within half a unit of the real ones, and a bias within a millionth", () => {
    const layer = randomLayer(1, 3, 16, [0.3, 0.01, 1]);
    const made = quantizeLayer(layer, FORM);
    requireProof(made, 3);
    for (const [i, weight] of layer.weights.entries()) {
      const scale = scaleOf(made, Math.floor(i / 16), FORM.from);
      expect(Math.abs(made.weights[i]! * scale - weight)).toBeLessThanOrEqual(0.5 * scale + 1e-12);
    }
    for (const [row, bias] of layer.bias!.entries()) {
      const real = made.bias![row]! * scaleOf(made, row, FORM.from) * 2 ** -FORM.from;
      expect(Math.abs(real - bias)).toBeLessThan(1e-4 * Math.abs(bias));
    }
    expect(Math.max(...made.multiplier)).toBeGreaterThanOrEqual(16384);
  });

  test("of a thousand columns of one size gets coarser weights instead of sums that overflow", () => {
    const weights = new Float64Array(1000).fill(1);
    const made = quantizeLayer({ weights, rows: 1, bias: undefined }, { ...FORM, to: [2] });
    requireProof(made, 1);
    expect(made.weights[0]).toBeLessThan(66);
    expect(made.weights[0]! * scaleOf(made, 0, FORM.from)).toBeCloseTo(1, 1);
  });

  test.each([0, 1, 1e6, -3e5])("with a bias of %d beside small weights cannot overflow", (bias) => {
    const layer = { weights: new Float64Array(4).fill(1e-3), rows: 1, bias: Float64Array.of(bias) };
    const made = quantizeLayer(layer, { ...FORM, to: [-6] });
    requireProof(made, 1);
    const real = made.bias![0]! * scaleOf(made, 0, FORM.from) * 2 ** -FORM.from;
    expect(Math.abs(real - bias)).toBeLessThanOrEqual(1e-6 * Math.abs(bias));
  });

  test("of zeros is zeros, with a multiplier that the core accepts", () => {
    const made = quantizeLayer({ weights: new Float64Array(6), rows: 3, bias: undefined }, FORM);
    expect([...made.weights]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(Math.min(...made.multiplier)).toBeGreaterThanOrEqual(1);
    expect(made.shift).toBeGreaterThanOrEqual(0);
  });

  test("takes the least multiplier for a row of a millionth of its neighbour's size", () => {
    const layer = { ...randomLayer(2, 3, 8, [1, 1e-6, 1e-3]), bias: undefined };
    const made = quantizeLayer(layer, FORM);
    expect(made.multiplier[1]).toBe(1);
    expect([...made.weights.subarray(8, 16)].every((weight) => Math.abs(weight) <= 3)).toBe(true);
    expect(Math.max(...made.weights.subarray(16, 24))).toBeGreaterThan(50);
  });

  test("lowers the exponent of its output where no shift reaches it", () => {
    const layer = randomLayer(3, 1, 8, [100]);
    const made = quantizeLayer(layer, { ...FORM, to: [15] });
    expect(made.shift).toBe(0);
    expect(made.exponents[0]).toBeLessThan(15);
  });

  test("of narrowed rows has its bias in the output's exponent, beside the proof", () => {
    const layer = randomLayer(4, 2, 32, [0.2, 0.2]);
    const form = { ...FORM, to: [20, 20], shifts: SHIFTS_32, isNarrowed: true };
    const made = quantizeLayer(layer, form);
    expect(made.bias![1]).toBe(Math.round(layer.bias![1]! * 2 ** 20));
  });
});

describe("taps in one unit", () => {
  const [from, to] = [12, 10];

  test("stand for the real ones, and sums with what rounds them stay in 31 bits", () => {
    for (let seed = 0; seed < 50; seed++) {
      const layer = randomLayer(seed, 3, 4, [2, 1, 0.5]);
      const made = quantizeTaps(layer, from, to)!;
      expect(made.multiplier).toBeUndefined();
      const unit = 2 ** (from - to - made.shift);
      made.weights.forEach((weight, i) => {
        expect(Math.abs(weight * unit - layer.weights[i]!)).toBeLessThanOrEqual(unit / 2);
      });
      made.bias!.forEach((value, row) => {
        const real = value * unit * 2 ** -from;
        expect(Math.abs(real - layer.bias![row]!)).toBeLessThanOrEqual(unit * 2 ** -from);
      });
      for (let row = 0; row < 3; row++) {
        let most = 2 ** made.shift / 2 + Math.abs(made.bias![row]!);
        for (let i = 0; i < 4; i++) most += 32768 * Math.abs(made.weights[row * 4 + i]!);
        expect(most).toBeLessThan(2 ** 31);
      }
    }
  });

  test("leave room for what rounds a sum that is as large as can be", () => {
    const tap = 32767 / 1024;
    const made = quantizeTaps(
      { weights: Float64Array.of(tap, tap), rows: 1, bias: undefined },
      12,
      5,
    )!;
    // In units of 1/1024 the shift would be 17, and 2^16 more than 31 bits hold.
    expect(made.shift).toBe(16);
    expect([...made.weights]).toEqual([16384, 16384]);
  });

  test("are refused where a channel would have fewer digits than a byte has", () => {
    expect(quantizeTaps(randomLayer(1, 2, 4, [1, 1e-3]), from, to)).toBeUndefined();
  });

  test("of zeros are zeros", () => {
    const layer = { weights: new Float64Array(8), rows: 2, bias: undefined };
    expect([...quantizeTaps(layer, from, to)!.weights]).toEqual(new Array(8).fill(0));
  });

  test("are refused where the output has more digits than the sum", () => {
    const layer = { weights: Float64Array.of(1e6), rows: 1, bias: undefined };
    expect(quantizeTaps(layer, from, 24)).toBeUndefined();
  });
});
