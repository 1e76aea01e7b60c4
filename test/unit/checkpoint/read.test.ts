import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCheckpoint, writeSafetensors } from "../../../ts/checkpoint/index.js";
import { BadFile, UnsafePickle } from "../../../ts/core/errors.js";
import { expected, expectNoCrash, fixture, tensor, tensorBits } from "./support.js";

describe("readCheckpoint", () => {
  it.each(["paper_zip.pth", "paper_legacy.pth", "paper.safetensors"])("tells %s apart", (name) => {
    expect(tensorBits(readCheckpoint(fixture(name)))).toEqual(expected.paper);
  });

  it("goes by the bytes, not by the name", () => {
    const stateDict = readCheckpoint(fixture("paper.safetensors"), { name: "model.pth" });
    expect(stateDict.format).toBe("safetensors");
  });

  it("reads safetensors whose header length looks like a pickle", () => {
    const headerBytes = (bytes: Uint8Array) => new DataView(bytes.buffer).getUint32(0, true);
    let name = "w";
    while (headerBytes(writeSafetensors([tensor(name, [1])])) < 640) name += "w";
    const bytes = writeSafetensors([tensor(name, [1])]);
    expect([...bytes.subarray(0, 2)]).toEqual([0x80, 2]);
    expect(readCheckpoint(bytes).tensors.has(name)).toBe(true);
  });

  it("reads from a view into a larger buffer", () => {
    const bytes = fixture("paper_zip.pth");
    const buffer = new Uint8Array(bytes.length + 3);
    buffer.set(bytes, 3);
    expect(tensorBits(readCheckpoint(buffer.subarray(3)))).toEqual(expected.paper);
  });

  it("refuses what could run code", () => {
    expect(() => readCheckpoint(fixture("evil_zip.pth"))).toThrow(UnsafePickle);
    expect(() => readCheckpoint(fixture("evil.pkl"))).toThrow(UnsafePickle);
  });

  it.each([
    ["an HTML page", "\n<!DOCTYPE html>", "not a valid pth file: it looks like an HTML page"],
    ["nothing", "", "not a valid pth file: it is empty"],
    ["JSON", '{"a": 1}', "it looks like JSON text"],
    ["random bytes", "\x01\x02\x03\x04\x05\x06\x07\x08\x09", "it begins with bytes 01 02 03 04"],
    ["gzip", "\x1f\x8b\x08", "a gzip archive"],
    ["a tar archive", `a${"\0".repeat(256)}ustar`, "a tar archive"],
  ])("says that it was given %s", (_, text, message) => {
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    expect(() => readCheckpoint(bytes, { name: "dir/model.PTH" })).toThrow(BadFile);
    expect(() => readCheckpoint(bytes, { name: "dir/model.PTH" })).toThrow(message);
  });

  it("calls the file a checkpoint when it has no telling name", () => {
    expect(() => readCheckpoint(new Uint8Array())).toThrow("not a valid checkpoint file");
  });

  it("survives any bytes behind any known beginning", () => {
    const beginnings = ["PK\x03\x04", "\x80\x02", "\x80\x04\x95", "\x10\0\0\0\0\0\0\0{", ""];
    const beginning = fc.constantFrom(...beginnings);
    fc.assert(
      fc.property(beginning, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        const bytes = Uint8Array.of(...[...start].map((c) => c.charCodeAt(0)), ...rest);
        expectNoCrash(() => readCheckpoint(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});
