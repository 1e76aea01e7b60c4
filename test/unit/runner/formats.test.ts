/** Flash in each format, read back by readers that were written apart from the writers. */
import { describe, expect, it } from "vitest";
import { flashOf } from "../../../ts/runner/bin.js";
import { intelHex } from "../../../ts/runner/hex.js";
import { uf2 } from "../../../ts/runner/uf2.js";
import { readHex, readUf2 } from "./readers.js";

const RP2040 = 0xe48bff56;

function someBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 73 + (i >> 8)) & 0xff);
}

function hexOf(base: number, bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(intelHex(base, bytes));
}

describe("flash", () => {
  it("is the image, erased flash, and the payload at its address", () => {
    const flash = flashOf({ base: 0x1000, payload: 0x1020 }, someBytes(5), someBytes(3));
    expect([...flash]).toEqual([...someBytes(5), ...Array(27).fill(0xff), ...someBytes(3)]);
  });
});

describe("Intel HEX", () => {
  it.each([
    [0, 1],
    [0, 16],
    [0, 65_536],
    [0, 65_537],
    [0x0800_0000, 200_001],
    [0x0001_fff8, 40],
    [0x0000_fff5, 0x2000b],
  ])("from %i on, %i bytes", (address, length) => {
    const bytes = someBytes(length);
    const read = readHex(hexOf(address, bytes));
    expect(read.address).toBe(address);
    expect(Buffer.from(read.bytes).equals(Buffer.from(bytes))).toBe(true);
  });

  it("is written as in the specification's examples", () => {
    const bytes = Buffer.from("214601360121470136007EFE09D21901", "hex");
    expect(intelHex(0x0100, bytes).split("\r\n")).toEqual([
      ":020000040000FA",
      ":10010000214601360121470136007EFE09D2190140",
      ":00000001FF",
      "",
    ]);
  });

  it("has a reader that sees damage", () => {
    const text = intelHex(0x1_0000, someBytes(64));
    const damaged = (from: string | RegExp, to: string) => () =>
      readHex(new TextEncoder().encode(text.replace(from, to)));
    expect(damaged("", "")).not.toThrow();
    expect(damaged(":00000001FF\r\n", "")).toThrow("no end");
    expect(damaged(/:10(....)00(..)/, ":10$100EE")).toThrow("sum");
    expect(damaged(/\r\n(:10001000\w*)/, "\r\n$1\r\n$1")).toThrow("written twice");
    expect(damaged(/:10001000\w*\r\n/, "")).toThrow("a hole");
  });
});

describe("UF2", () => {
  it.each([1, 256, 4096, 4097, 100_000])("%i bytes, in whole sectors", (length) => {
    const bytes = someBytes(length);
    const read = readUf2(uf2(0x1000_0000, bytes, RP2040), RP2040);
    expect(read.address).toBe(0x1000_0000);
    expect(Buffer.from(read.bytes.subarray(0, length)).equals(Buffer.from(bytes))).toBe(true);
    expect(read.bytes.length).toBe(4096 * Math.ceil(length / 4096));
    expect(read.bytes.subarray(length).every((byte) => byte === 0xff)).toBe(true);
  });

  it("has a reader that sees damage", () => {
    const file = uf2(0x1000_0000, someBytes(5000), RP2040);
    const damaged = (at: number, word: number) => () => {
      const copy = file.slice();
      new DataView(copy.buffer).setUint32(at, word, true);
      readUf2(copy, RP2040);
    };
    expect(() => readUf2(file, RP2040)).not.toThrow();
    expect(() => readUf2(file, 0xe48bff59)).toThrow("another family");
    expect(() => readUf2(file.subarray(0, 512 * 3), RP2040)).toThrow("number");
    expect(damaged(512, 0)).toThrow("first magic");
    expect(damaged(512 + 508, 0)).toThrow("magic");
    expect(damaged(512 + 12, 0x1000_0000)).toThrow("written twice");
    expect(damaged(512 + 20, 7)).toThrow("number");
    expect(damaged(512 + 300, 1)).toThrow("end");
  });
});
