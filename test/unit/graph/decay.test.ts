/** A' = -exp(A_log) log2(e), rounded once. */
import { describe, expect, test } from "vitest";
import { BadCheckpoint } from "../../../ts/core/errors.js";
import { assertDecays, decayRate } from "../../../ts/graph/decay.js";

const FLT_MAX = 3.4028234663852886e38;

/** One step of a float32 at |x|. */
function ulp(x: number): number {
  return 2 ** Math.max(Math.floor(Math.log2(Math.abs(x))) - 23, -149);
}

describe("decayRate", () => {
  test("is a float32 within half a step of the exact value", () => {
    for (let aLog = -80; aLog < 85; aLog += 0.0371) {
      const exact = -Math.exp(aLog) * Math.LOG2E;
      expect(Math.fround(decayRate(aLog))).toBe(decayRate(aLog));
      expect(Math.abs(decayRate(aLog) - exact)).toBeLessThanOrEqual(0.5000001 * ulp(exact));
    }
  });

  test("is as for the A of S4D-real, which checkpoints begin with", () => {
    for (let n = 1; n <= 16; n++) {
      const aLog = Math.fround(Math.log(n));
      expect(decayRate(aLog)).toBe(Math.fround(-Math.exp(aLog) * Math.LOG2E));
    }
    expect(decayRate(0)).toBe(Math.fround(-Math.LOG2E));
  });

  test("never is below -FLT_MAX, and ends at 0", () => {
    expect(decayRate(88.35)).toBeGreaterThan(-FLT_MAX);
    expect(decayRate(88.4)).toBe(-FLT_MAX);
    expect(decayRate(FLT_MAX)).toBe(-FLT_MAX);
    expect(decayRate(-103)).toBeLessThan(0);
    expect(decayRate(-105)).toBe(-0);
    expect(decayRate(-FLT_MAX)).toBe(-0);
  });
});

describe("assertDecays", () => {
  const aLog = (...values: number[]) => ({
    name: "m.A_log",
    shape: [values.length / 2, 2],
    data: Float32Array.from(values),
  });

  test("takes every A that is below 0 and finite", () => {
    expect(() => assertDecays(aLog(0, 88.3, -104.3, 2.5))).not.toThrow();
  });

  test.each([
    [88.5, "A is infinite"],
    [FLT_MAX, "A is infinite"],
    [-105, "A is 0"],
    [-FLT_MAX, "A is 0"],
  ])("refuses an A_log of %d by its element", (value, reason) => {
    const check = () => assertDecays(aLog(0, 0, 0, value));
    expect(check).toThrow(BadCheckpoint);
    expect(check).toThrow("m.A_log[1, 1]: expected A_log that makes A = -exp(A_log) below 0");
    expect(check).toThrow(reason);
  });

  test("leaves what is no number to the check of all tensors", () => {
    expect(() => assertDecays(aLog(NaN, -Infinity))).not.toThrow();
  });
});
