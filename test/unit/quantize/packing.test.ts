/** Tensors of integers as csrc/kernels/records.h has them. */
import { describe, expect, test } from "vitest";
import { elementsOfPacked, pack, packedBytes } from "../../../ts/blob/tensors.js";
import {
  integerRows,
  integerVector,
  type PackedTensor,
  panels,
  partOf,
  quads,
} from "../../../ts/graph/packing.js";

function packed(tensor: PackedTensor): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(packedBytes(tensor));
  pack(tensor, bytes);
  return bytes;
}

describe("integers in a blob", () => {
  test("quads: 4 outputs by 4 inputs in the order 0, 2, 1, 3, 128 more, 128 where there is nothing", () => {
    const weights = Int8Array.from({ length: 5 * 6 }, (_, i) => i - 10);
    const bytes = packed(quads("w", weights, 5));
    expect(bytes).toHaveLength(8 * 8);
    expect([...bytes.subarray(0, 8)]).toEqual([118, 120, 119, 121, 124, 126, 125, 127]);
    expect([...bytes.subarray(16, 20)]).toEqual([122, 128, 123, 128]); // inputs 4 and 5 of output 0
    expect([...bytes.subarray(32, 40)]).toEqual([142, 144, 143, 145, 128, 128, 128, 128]);
  });

  test("rows lie one behind the other, up to 8 elements in all; vectors likewise", () => {
    const rows = packed(integerRows("a", Int16Array.of(1, -2, 3, 4, 5, -6), 2));
    expect([...new Int16Array(rows.buffer)]).toEqual([1, -2, 3, 4, 5, -6, 0, 0]);
    const vector = packed(integerVector("b", Int32Array.of(-7, 2 ** 31 - 1)));
    expect([...new Int32Array(vector.buffer)]).toEqual([-7, 2 ** 31 - 1, 0, 0, 0, 0, 0, 0]);
    expect(packedBytes(integerVector("m", new Int16Array(9)))).toBe(32);
  });

  test("floats are read back as an op means them, whatever their packing", () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => i);
    const whole = panels({ name: "w", shape: [4, 3], data }, 4, 3);
    expect([...elementsOfPacked(partOf(whole, "z", 2, 2))]).toEqual([6, 7, 8, 9, 10, 11]);
    expect([...elementsOfPacked({ ...whole, map: (value) => -value })].at(-1)).toBe(-11);
  });
});
