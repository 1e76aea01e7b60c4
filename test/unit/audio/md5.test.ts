/** MD5 against Node's own, over lengths around its blocks and in pieces of any size. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Md5 } from "../../../ts/audio/md5.js";

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 167 + (i >> 3)) & 0xff);

function ofPieces(all: Uint8Array, size: number): string {
  const md5 = new Md5();
  for (let at = 0; at < all.length; at += size) md5.update(all.subarray(at, at + size));
  return Buffer.from(md5.digest()).toString("hex");
}

describe("MD5", () => {
  it.each([0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1000])("of %i bytes", (length) => {
    const some = bytes.subarray(0, length);
    const expected = createHash("md5").update(some).digest("hex");
    for (const size of [1, 7, 64, 1000]) expect(ofPieces(some, size)).toBe(expected);
  });
});
