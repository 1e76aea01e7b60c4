/** Thresholds by label: those that were given, and no others. */
import { expect, test } from "vitest";
import { defaultThresholds } from "../../../ts/streaming/thresholds.js";

test("labels have what was given for them, else 0.7, in underscores never", () => {
  const labels = ["yes", "_silence_", "constructor", "__proto__"];
  expect(defaultThresholds(labels)).toEqual([0.7, 2, 0.7, 2]);
  expect(defaultThresholds(labels, 0.5)).toEqual([0.5, 2, 0.5, 2]);
  expect(defaultThresholds(labels, { yes: 0.4, _silence_: 0.9 })).toEqual([0.4, 0.9, 0.7, 2]);
  const absent = { yes: undefined } as unknown as Record<string, number>;
  expect(defaultThresholds(["yes"], absent)).toEqual([0.7]);
  expect(() => defaultThresholds(["yes"], { toString: 0.5 })).toThrow(
    /labels of the model \(yes\)/,
  );
});
