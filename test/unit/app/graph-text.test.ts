/** What the graph says of a node. */
import { expect, test } from "vitest";
import { nodeText, partsText, rateText, sizeText } from "../../../ts/app/charts/graph-text.js";
import type { GraphNode } from "../../../ts/profile/index.js";

const NODE: GraphNode = {
  ...{ name: "down", kind: "conv1d", label: "8 → 16, 3 taps", parameters: 400 },
  ...{ inputs: [1], inputWidth: 8, width: 16, isSequence: true, rate: { rows: 1, frames: 1 } },
  ...{ stage: 0, isBarrier: false, ops: [1], parts: [] },
};

test.each([
  [{ rows: 1, frames: 1 }, ""],
  [{ rows: 1, frames: 2 }, "every 2nd frame"],
  [{ rows: 1, frames: 3 }, "every 3rd frame"],
  [{ rows: 1, frames: 12 }, "every 12th frame"],
  [{ rows: 1, frames: 21 }, "every 21st frame"],
  [{ rows: 4, frames: 1 }, "4 rows a frame"],
  [{ rows: 2, frames: 3 }, "2 rows in 3 frames"],
  [null, "fixed rows"],
])("a rate of %j is %j", (rate, text) => {
  expect(rateText({ rate, isSequence: true })).toBe(text);
});

test("a vector comes once", () => {
  expect(rateText({ rate: null, isSequence: false })).toBe("once");
});

test("widths are said where the label does not say them", () => {
  expect(sizeText(NODE)).toBe("8 → 16, 3 taps");
  expect(sizeText({ ...NODE, label: "4 rows" })).toBe("8 → 16, 4 rows");
  expect(sizeText({ ...NODE, label: "× 2", inputWidth: 16 })).toBe("16, × 2");
});

test("a node in one line, and the parts of a block", () => {
  expect(nodeText({ ...NODE, rate: { rows: 1, frames: 2 } })).toBe(
    "down, conv1d 8 → 16, 3 taps, 400 weights, every 2nd frame",
  );
  expect(nodeText({ ...NODE, parameters: 0, isBarrier: true })).toBe(
    "down, conv1d 8 → 16, 3 taps, no weights, waits for the end of the sequence",
  );
  const part = { name: "conv1d", kind: "causal_conv", label: "16, 4 taps", parameters: 80 };
  expect(partsText({ parts: [part, { ...part, name: "gate" }] })).toBe(
    "conv1d 16, 4 taps (80); gate 16, 4 taps (80)",
  );
});
