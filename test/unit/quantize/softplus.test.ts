import { describe, expect, test } from "vitest";
import { integerSoftplus, largestArgument } from "../../../ts/quantize/softplus.js";

describe("the integer softplus", () => {
  test.each([
    [11, 2e-3], // whose steps are a thousandth
    [20, 6e-4],
    [30, 6e-4],
  ])("with %d digits is within %d", (digits, tolerance) => {
    const most = largestArgument(digits);
    let worst = 0;
    for (let v = -32768; v <= most; v += 37) {
      const made = integerSoftplus(v, digits) * 2 ** -digits;
      worst = Math.max(worst, Math.abs(made - Math.log1p(Math.exp(v / 2048))));
    }
    expect(worst).toBeLessThan(tolerance);
  });

  test.each([
    [30, 2],
    [29, 4],
    [28, 8],
    [27, 16],
  ])(
    "with %d digits has a largest argument just below %d, and no result beyond 31 bits",
    (digits, top) => {
      const most = largestArgument(digits);
      expect(Math.log1p(Math.exp(most / 2048))).toBeGreaterThan(0.99 * Math.min(top, 16));
      let largest = 0;
      for (let v = most - 3000; v <= most; v++) {
        largest = Math.max(largest, integerSoftplus(v, digits));
      }
      expect(largest).toBeLessThan(2 ** 31);
    },
  );
});
