import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCheckpoint, readSafetensors, writeSafetensors } from "../../../ts/checkpoint/index.js";
import { BadArgument, BadFile } from "../../../ts/core/errors.js";
import { bits, damaged, expected, expectNoCrash, fixture, tensor, tensorBits } from "./support.js";

/** A file of any header text, followed by this many zero bytes. */
function fileOf(header: string, payloadBytes: number, declaredLength?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + payloadBytes);
  new DataView(bytes.buffer).setBigUint64(0, declaredLength ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape: readonly number[], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const fileOfEntries = (entries: object, payloadBytes: number) =>
  fileOf(JSON.stringify(entries), payloadBytes);

describe("readSafetensors", () => {
  it("reads float32", () => {
    expect(tensorBits(readSafetensors(fixture("paper.safetensors")))).toEqual(expected.paper);
  });

  it("rounds F64, F16 and BF16 to float32 once, and lists the other types", () => {
    const stateDict = readSafetensors(fixture("dtypes.safetensors"));
    expect(tensorBits(stateDict)).toEqual(expected.dtypes);
    expect([...stateDict.others.values()].map(({ type }) => type)).toEqual([
      "int64",
      "int32",
      "int16",
      "int8",
      "uint8",
      "bool",
    ]);
  });

  it("returns the metadata", () => {
    const { metadata } = readSafetensors(fixture("paper.safetensors"));
    expect([...metadata]).toEqual([["format", "pt"]]);
  });

  it("accepts padding, empty tensors, scalars and names that objects already have", () => {
    const header = JSON.stringify({ constructor: entry(0, 4, []), empty: entry(4, 4, [0, 9]) });
    const withProto = header.replace(
      "{",
      '{"__proto__": {"dtype":"F32","shape":[1],"data_offsets":[4,8]},',
    );
    const { tensors } = readSafetensors(fileOf(`${withProto}   `, 8));
    expect([...tensors.keys()]).toEqual(["__proto__", "constructor", "empty"]);
    expect(tensors.get("constructor")?.shape).toEqual([]);
  });

  it("accepts entries in any order", () => {
    const file = fileOfEntries({ b: entry(4, 8, [1]), a: entry(0, 4, [1]) }, 8);
    expect([...readSafetensors(file).tensors.keys()]).toEqual(["b", "a"]);
  });

  it.each([
    ["an overlap", { a: entry(0, 8, [2]), b: entry(4, 12, [2]) }, 12, "b: its data overlaps"],
    ["equal ranges", { a: entry(0, 8, [2]), b: entry(0, 8, [2]) }, 8, "b: its data overlaps"],
    ["a hole", { a: entry(0, 4, [1]), b: entry(8, 12, [1]) }, 12, "bytes 4 to 8 belong to no"],
    ["a hole before the first", { a: entry(4, 8, [1]) }, 8, "bytes 0 to 4 belong to no"],
    ["bytes after the last", { a: entry(0, 4, [1]) }, 8, "4 bytes after the last"],
    ["data past the end", { a: entry(0, 8, [2]) }, 4, "ends at byte 8 of 4"],
    [
      "data past the end with others behind it",
      { a: entry(0, 4, [1]), b: entry(100, 104, [1]), c: entry(8, 12, [1]) },
      12,
      "b: its data ends at byte 104 of 12",
    ],
    ["more than 64 dimensions", { a: entry(0, 4, new Array(65).fill(1)) }, 4, "65 dimensions"],
    ["too few bytes for the shape", { a: entry(0, 4, [2]) }, 4, "[2] needs 8 bytes, has 4"],
    ["a huge shape", { a: entry(0, 4, [2 ** 40, 2 ** 40]) }, 4, "has 4"],
    ["a backward range", { a: entry(4, 0, [1]) }, 4, "is not a range"],
    ["three offsets", { a: { ...entry(0, 4, [1]), data_offsets: [0, 4, 4] } }, 4, "not a range"],
    ["a negative size", { a: entry(0, 4, [-1]) }, 4, "a: shape is not a list of"],
    ["a fractional size", { a: entry(0, 4, [1.5]) }, 4, "a: shape is not a list of"],
    ["no shape", { a: { dtype: "F32", data_offsets: [0, 4] } }, 4, "a: shape is not a list of"],
    ["an unknown type", { a: entry(0, 4, [1], "F4") }, 4, '"F4" is not supported'],
    ["an unknown field", { a: { ...entry(0, 4, [1]), x: 1 } }, 4, 'unknown field "x"'],
    ["a tensor that is no object", { a: [] }, 0, "a is not a JSON object"],
    ["metadata that is no object", { __metadata__: "x" }, 0, "__metadata__ is not a JSON object"],
    ["metadata that is no text", { __metadata__: { x: 1 } }, 0, "x is not a string"],
  ])("refuses %s", (_, entries, payloadBytes, message) => {
    const read = () => readSafetensors(fileOfEntries(entries, payloadBytes));
    expect(read).toThrow(BadFile);
    expect(read).toThrow(message);
  });

  it.each([
    ["a repeated name", '{"a":{}, "a":{}}', '"a" occurs twice'],
    ["a repeated field", '{"a":{"dtype":"F32","dtype":"F16"}}', '"dtype" occurs twice'],
    ["deep nesting", `{"a":${"[".repeat(100_000)}`, "nested deeper than 32"],
    ["a trailing comma", '{"a":1,}', "expected a string"],
    ["a comment", "{/**/}", "expected a string"],
    ["two values", "{}{}", "expected the end"],
    ["a list", "[]", "does not begin with '{'"],
    ["a raw line feed in a name", '{"a\n":1}', "not a valid string"],
    ["a number with a leading zero", '{"a":01}', "expected '}'"],
    ["an unknown word", '{"a":nan}', "expected a value"],
    ["an unfinished name", '{"a', "not a valid string"],
  ])("refuses a header with %s", (_, header, message) => {
    expect(() => readSafetensors(fileOf(header, 0))).toThrow(message);
  });

  it("refuses a header longer than the file or the limit, before allocating it", () => {
    expect(() => readSafetensors(fileOf("{}", 0, 3n))).toThrow("should have 3 bytes, but 2");
    expect(() => readSafetensors(fileOf("{}", 0, 2n ** 63n))).toThrow("but 2 follow");
    expect(() => readSafetensors(Uint8Array.of(1, 2))).toThrow("2 bytes is shorter");
    expect(() => readSafetensors(new Uint8Array())).toThrow("it is empty");
  });

  it("refuses a header of more than 8 MiB, before reading it", () => {
    const header = `{${" ".repeat(8 << 20)}}`;
    expect(() => readSafetensors(fileOf(header, 0))).toThrow(
      "its header has 8388610 bytes, more than the 8388608 that are read",
    );
    expect(() => readCheckpoint(fileOf(header, 0))).toThrow("more than the 8388608 that are read");
  });

  it("reads the longest header in proportion to its bytes", () => {
    const most = 8 << 20;
    const item = '"":[[],{},[],[]],';
    const values = `[${"[[]],".repeat(most / 6)}0]`.slice(0, most);
    const started = performance.now();
    for (const header of [
      `{"a":${values}`,
      `{"a":[${item.repeat(most / 20)}`,
      `{${" ".repeat(most - 2)}}`,
    ]) {
      expect(() => readSafetensors(fileOf(header.slice(0, most), 0))).not.toThrow(RangeError);
    }
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("refuses a header that is not UTF-8", () => {
    const file = fileOf('{"a":1}', 0);
    file[10] = 0xff;
    expect(() => readSafetensors(file)).toThrow("not UTF-8");
  });

  it("survives damage", () => {
    fc.assert(
      fc.property(damaged(fixture("dtypes.safetensors")), (bytes) => {
        expectNoCrash(() => readSafetensors(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("writeSafetensors", () => {
  it("is undone by reading, and aligned", () => {
    const shape = fc.array(fc.nat(4), { maxLength: 3 });
    const named = fc.uniqueArray(fc.tuple(fc.string(), shape), {
      selector: ([name]) => name,
      maxLength: 5,
    });
    fc.assert(
      fc.property(named, (list) => {
        const tensors = list
          .filter(([name]) => name !== "__metadata__")
          .map(([name, dims]) => tensor(name, dims));
        const bytes = writeSafetensors(tensors, [["origin", "test"]]);
        const back = readSafetensors(bytes);
        expect([...back.tensors.values()]).toEqual(tensors);
        expect([...back.metadata]).toEqual([["origin", "test"]]);
        const headerBytes = new DataView(bytes.buffer).getUint32(0, true);
        expect(headerBytes % 8).toBe(0);
      }),
    );
  });

  it("keeps every bit", () => {
    const data = new Float32Array(Uint32Array.of(0x80000000, 1, 0x7f7fffff, 0xff800000).buffer);
    const file = writeSafetensors([{ name: "a", shape: [4], data }]);
    expect(bits(readSafetensors(file).tensors.get("a")?.data as Float32Array)).toEqual(bits(data));
  });

  it("refuses repeated and reserved names, and data that does not fill its shape", () => {
    const a = tensor("a", [2]);
    expect(() => writeSafetensors([a, a])).toThrow(BadArgument);
    expect(() => writeSafetensors([{ ...a, name: "__metadata__" }])).toThrow(BadArgument);
    expect(() => writeSafetensors([{ ...a, shape: [3] }])).toThrow("[3] elements");
  });
});
