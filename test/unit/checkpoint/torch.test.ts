import fc from "fast-check";
import { type UnzipFileInfo, unzipSync, type Zippable, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { readTorch } from "../../../ts/checkpoint/index.js";
import { BadCheckpoint, BadFile, UnsafePickle } from "../../../ts/core/errors.js";
import { damaged, expected, expectNoCrash, fixture, tensorBits } from "./support.js";

/** The archive with some entries replaced, added, or (null) taken out. */
function rezip(name: string, changes: Record<string, Uint8Array | string | null>): Uint8Array {
  const files: Zippable = unzipSync(fixture(name));
  for (const [entry, content] of Object.entries(changes)) {
    if (content === null) delete files[entry];
    else files[entry] = typeof content === "string" ? new TextEncoder().encode(content) : content;
  }
  return zipSync(files, { level: 0 });
}

/** Replaces every occurrence of some bytes by as many others. */
function patch(bytes: Uint8Array, from: readonly number[], to: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  for (let at = 0; at + from.length <= copy.length; at++) {
    if (from.every((byte, i) => copy[at + i] === byte)) copy.set(to, at);
  }
  return copy;
}

describe("readTorch", () => {
  it.each(["paper_zip.pth", "paper_legacy.pth", "parameters.pth"])("reads %s", (name) => {
    const stateDict = readTorch(fixture(name));
    expect(stateDict.format).toBe("pth");
    expect(stateDict.others.size).toBe(0);
    const sorted = (tensors: object) =>
      Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1));
    expect(sorted(tensorBits(stateDict))).toEqual(sorted(expected.paper));
  });

  it.each(["dtypes_zip.pth", "dtypes_legacy.pth"])("converts float types once: %s", (name) => {
    const stateDict = readTorch(fixture(name));
    expect(tensorBits(stateDict)).toEqual(expected.dtypes);
    expect(stateDict.others.get("int64")).toEqual({ name: "int64", type: "int64", shape: [3] });
    expect(stateDict.others.size).toBe(6);
  });

  it.each(["views_zip.pth", "views_legacy.pth"])("follows strided views: %s", (name) => {
    const { tensors } = readTorch(fixture(name));
    expect(tensorBits(readTorch(fixture(name)))).toEqual(expected.views);
    expect(tensors.get("tied")?.data).toBe(tensors.get("base")?.data);
    expect(tensors.get("tail")?.data).not.toBe(tensors.get("base")?.data);
  });

  it.each([
    "protocol4.pth",
    "protocol5.pth",
    "protocol4_legacy.pth",
    "deflated.pth",
    "wrapped_state_dict.pth",
    "wrapped_model_state_dict.pth",
    "wrapped_model.pth",
  ])("reads %s", (name) => {
    expect(tensorBits(readTorch(fixture(name)))).toEqual(expected.small);
  });

  it.each([
    ["evil_zip.pth", "posix.system"],
    ["evil_protocol4.pth", "posix.system"],
    ["evil_legacy.pth", "posix.system"],
    ["evil.pkl", "posix.system"],
  ])("refuses %s by naming %s", (name, refused) => {
    try {
      readTorch(fixture(name));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UnsafePickle);
      expect((error as UnsafePickle).refused).toBe(refused);
    }
  });

  it("reads a module that was pickled whole as its state dict, with what its parts are", () => {
    const { tensors, modules } = readTorch(fixture("whole_module.pth"));
    const paper = readTorch(fixture("paper_zip.pth")).tensors;
    for (const [name, { shape, data }] of tensors) {
      expect(paper.get(`mamba.${name}`), name).toMatchObject({ shape, data });
    }
    expect(tensors.size).toBe([...paper.keys()].filter((name) => name.startsWith("mamba.")).length);
    expect(modules?.get("")?.type).toBe("__main__.Mamba");
    expect(modules?.get("conv1d")?.type).toBe("torch.nn.modules.conv.Conv1d");
    expect(modules?.get("conv1d")?.attributes.get("stride")).toEqual([1]);
    const linear = readTorch(fixture("whole_linear.pth"));
    expect([...linear.tensors.keys()]).toEqual(["weight", "bias"]);
    expect(linear.modules?.get("")?.attributes.get("in_features")).toBe(
      linear.tensors.get("weight")?.shape[1],
    );
  });

  it.each([
    ["torchscript.pt", BadFile, "TorchScript"],
    ["plain.pkl", BadFile, "not written by torch.save"],
    ["whole_module_legacy.pth", BadCheckpoint, "tensors by name"],
    ["single_tensor.pth", BadCheckpoint, "got a tensor of shape [3]"],
    ["no_tensors.pth", BadCheckpoint, '"epoch", "names"'],
  ])("refuses %s", (name, kind, message) => {
    expect(() => readTorch(fixture(name))).toThrow(kind);
    expect(() => readTorch(fixture(name))).toThrow(message);
  });

  it.each([
    ["nothing", "", "it is empty"],
    ["an HTML page", "<!doctype html><title>", "an HTML page"],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1", "Git LFS pointer"],
    ["text", "hello", "plain text"],
  ])("says that it was given %s", (_, text, message) => {
    expect(() => readTorch(new TextEncoder().encode(text))).toThrow(message);
  });
});

/** A legacy file's magic number, and then these opcodes as its protocol version. */
function legacyWithVersion(opcodes: string): Uint8Array {
  const bytes = Array.from(opcodes, (c) => c.charCodeAt(0));
  return Uint8Array.from([LEGACY_MAGIC, 0x80, 2, bytes, ".".charCodeAt(0)].flat());
}

/** LONG1 of 10 bytes. */
const LEGACY_MAGIC = [
  ...[0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19],
  ".".charCodeAt(0),
];

describe("readTorch, values that are walked for ever", () => {
  it.each([
    ["a list that holds a list twice, 200 deep", `]q\x01${"0](h\x01h\x01eq\x01".repeat(200)}`],
    ["a list that holds itself", "]q\x01h\x01a"],
    ["lists nested 100,000 deep", "]".repeat(100_000) + "a".repeat(99_999)],
    ["tuples nested 100,000 deep", `N${"\x85".repeat(100_000)}`],
    ["a long text", `X\x00\x00\x08\x00${"a".repeat(1 << 19)}`],
  ])("names %s in a few words", (_, opcodes) => {
    const began = performance.now();
    try {
      readTorch(legacyWithVersion(opcodes));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(BadFile);
      expect((error as BadFile).reason).toMatch(/^unknown protocol version .{1,80}$/);
    }
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it("does not copy a storage's name once a tensor", () => {
    const tensors = 20_000;
    const key = `X\x00\x00\x08\x00${"k".repeat(1 << 19)}`;
    const storage = `(U\x07storagectorch\nFloatStorage\n${key}U\x03cpuK\x00tQq\x01`;
    const call = `ctorch._utils\n_rebuild_tensor_v2\nq\x02(h\x01K\x00K\x00\x85K\x01\x85\x88Ntq\x03`;
    const names = Array.from({ length: tensors }, (_, i) => `U\x05${`${10_000 + i}`}h\x02h\x03R`);
    const pickle = `\x80\x02${storage}0${call}00}(${names.join("")}u.`;
    const data = Uint8Array.from(pickle, (c) => c.charCodeAt(0));
    const file = zipSync({ "a/data.pkl": data, "a/data/0": new Uint8Array() }, { level: 0 });
    const began = performance.now();
    expect(() => readTorch(file)).toThrow("is missing from the archive");
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe("readTorch, zip container", () => {
  it.each([
    ["a missing storage", { "archive/data/0": null }, "storage 0 is missing"],
    ["a short storage", { "archive/data/0": "1234" }, "should have 12 bytes, has 4"],
    ["a long storage", { "archive/data/0": "1234123412341" }, "should have 12 bytes, has 13"],
    ["big-endian data", { "archive/byteorder": "big" }, "only little-endian"],
    ["no pickle", { "archive/data.pkl": null }, "0 entries named <name>/data.pkl"],
    ["two pickles", { "other/data.pkl": "" }, "2 entries named <name>/data.pkl"],
    ["an empty pickle", { "archive/data.pkl": "" }, "it is empty"],
    ["a script", { "archive/constants.pkl": "" }, "TorchScript"],
  ])("refuses %s", (_, changes, message) => {
    expect(() => readTorch(rezip("protocol4.pth", changes))).toThrow(BadFile);
    expect(() => readTorch(rezip("protocol4.pth", changes))).toThrow(message);
  });

  it("accepts a little-endian mark", () => {
    const file = rezip("protocol4.pth", { "archive/byteorder": "little" });
    expect(tensorBits(readTorch(file))).toEqual(expected.small);
  });

  it("refuses other zip archives", () => {
    const npz = zipSync({ "a.npy": new Uint8Array(3) });
    expect(() => readTorch(npz)).toThrow(".npz");
    expect(() => readTorch(zipSync({ "a.txt": new Uint8Array(3) }))).toThrow("some other zip");
  });

  it("refuses storages that do not match their checksum, unless it was not computed", () => {
    const bytes = fixture("protocol4.pth");
    const corrupt = patch(bytes, [0, 0, 0x80, 0x3f], [0, 0, 0x80, 0x3e]);
    expect(() => readTorch(corrupt)).toThrow("archive/data/0 is corrupt");
    expect(tensorBits(readTorch(withoutChecksums(bytes)))).toEqual(expected.small);
    expect(readTorch(withoutChecksums(corrupt)).tensors.get("w")?.data[1]).toBe(0.25);
  });

  it("refuses repeated names", () => {
    const file = rezip("protocol4.pth", { "archive/data/1": "x" });
    const name = (digit: string) =>
      [..."archive/data/"].map((c) => c.charCodeAt(0)).concat(digit.charCodeAt(0));
    expect(() => readTorch(patch(file, name("1"), name("0")))).toThrow("occurs twice");
  });

  it("refuses a bomb before unpacking it", () => {
    const bomb = zipSync({ "archive/data.pkl": new Uint8Array(64 << 20) }, { level: 9 });
    expect(bomb.length).toBeLessThan(1 << 20);
    expect(() => readTorch(bomb)).toThrow("a zip bomb?");
  });

  it("refuses sizes that the archive cannot have, before allocating them", () => {
    const declared = centralEntries(fixture("deflated.pth")).reduce((bytes, at) => {
      const copy = bytes.slice();
      new DataView(copy.buffer).setUint32(at + 24, 0xfffffff0, true);
      return copy;
    }, fixture("deflated.pth"));
    expect(() => readTorch(declared)).toThrow(BadFile);
  });

  it("refuses many entries that would take long", () => {
    const many: Record<string, Uint8Array> = {};
    for (let i = 0; i < 70_000; i++) many[`a/${i}`] = new Uint8Array();
    const listed = zipSync(many, { level: 0 });
    expect(() => readTorch(listed)).toThrow(BadFile);
  });
});

/** Offsets of the entries of the central directory. */
function centralEntries(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer);
  const offsets: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (view.getUint32(at, true) === 0x02014b50) offsets.push(at);
  }
  return offsets;
}

function withoutChecksums(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  for (const at of centralEntries(copy)) new DataView(copy.buffer).setUint32(at + 16, 0, true);
  return copy;
}

describe("readTorch, tensors as declared", () => {
  const TUPLE1 = 0x85;
  const MEMOIZE = 0x94;
  const K = (value: number) => [0x4b, value];
  const huge = [0x8a, 6, 0, 0, 0, 0, 0, 1];
  const minusOne = [0x4a, 0xff, 0xff, 0xff, 0xff];

  /** protocol4.pth with some bytes of its pickle replaced by any others. */
  function withPickleEdit(from: readonly number[], to: readonly number[]): Uint8Array {
    const isPickle = ({ name }: UnzipFileInfo) => name === "archive/data.pkl";
    const files = unzipSync(fixture("protocol4.pth"), { filter: isPickle });
    const pickle = [...(files["archive/data.pkl"] as Uint8Array)];
    const at = pickle.findIndex((_, i) => from.every((byte, j) => pickle[i + j] === byte));
    expect(at).toBeGreaterThan(0);
    pickle.splice(at, from.length, ...to);
    // Without the FRAME opcode, whose length would now be wrong.
    pickle.splice(pickle.indexOf(0x95), 9);
    return rezip("protocol4.pth", { "archive/data.pkl": Uint8Array.from(pickle) });
  }

  /** Its one tensor has offset 0, shape (3,), strides (1,): replaces those. */
  function withView(offset: number[], size: number[], stride: number[]): Uint8Array {
    const view = (o: number[], n: number[], s: number[]) => [
      ...o,
      ...n,
      TUPLE1,
      MEMOIZE,
      ...s,
      TUPLE1,
    ];
    return withPickleEdit(view(K(0), K(3), K(1)), view(offset, size, stride));
  }

  it("refuses lazily negated tensors, whose storage has other values", () => {
    const endOfArguments = [0x52, MEMOIZE, 0x74];
    const negated = [..."}\x8c\x03neg\x88s"].map((c) => c.charCodeAt(0));
    const file = withPickleEdit(endOfArguments, [0x52, MEMOIZE, ...negated, 0x74]);
    expect(() => readTorch(file)).toThrow("neg bit");
  });

  it("reads views within the storage", () => {
    expect(readTorch(withView(K(1), K(2), K(1))).tensors.get("w")?.data).toEqual(
      Float32Array.of(1, 2),
    );
    expect(readTorch(withView(K(0), K(2), K(2))).tensors.get("w")?.data).toEqual(
      Float32Array.of(0, 2),
    );
    expect(readTorch(withView(K(2), K(2), K(0))).tensors.get("w")?.data).toEqual(
      Float32Array.of(2, 2),
    );
  });

  it.each([
    ["an offset past the end", withView(K(1), K(3), K(1)), "reach element 3 of a storage of 3"],
    ["a stride past the end", withView(K(0), K(3), K(2)), "reach element 4 of a storage of 3"],
    ["a huge offset", withView(huge, K(1), K(1)), "of a storage of 3"],
    ["a huge size", withView(K(0), huge, K(1)), "of a storage of 3"],
    ["a huge size of stride 0", withView(K(0), huge, K(0)), "repeat far more data"],
    ["a negative offset", withView(minusOne, K(3), K(1)), "tensor offset is not"],
    ["a negative size", withView(K(0), minusOne, K(1)), "tensor shape is not"],
    ["a negative stride", withView(K(2), K(3), minusOne), "tensor strides is not"],
  ])("refuses %s", (_, file, message) => {
    expect(() => readTorch(file)).toThrow(BadFile);
    expect(() => readTorch(file)).toThrow(message);
  });
});

describe("readTorch, legacy container", () => {
  const bytes = fixture("protocol4_legacy.pth");

  it("refuses truncated and extended files", () => {
    expect(() => readTorch(bytes.slice(0, -1))).toThrow("truncated in storage");
    expect(() => readTorch(Uint8Array.of(...bytes, 0))).toThrow("1 bytes after the last storage");
  });

  it("refuses a storage of another size than its tensors say", () => {
    const copy = bytes.slice();
    const countOffset = bytes.length - 3 * 4 - 8;
    expect(copy[countOffset]).toBe(3);
    copy[countOffset] = 4;
    expect(() => readTorch(copy)).toThrow("should have 3 elements, has 4");
  });

  it("refuses big-endian files", () => {
    const little = [..."little_endian"].map((c) => c.charCodeAt(0));
    const MEMOIZE = 0x94;
    const file = patch(bytes, [...little, MEMOIZE, 0x88], [...little, MEMOIZE, 0x89]);
    expect(() => readTorch(file)).toThrow("only little-endian");
  });
});

describe("readTorch, damaged files", () => {
  it.each([
    ["views_zip.pth", 400],
    ["deflated.pth", 400],
    ["dtypes_legacy.pth", 800],
    ["wrapped_state_dict.pth", 400],
    ["protocol4_legacy.pth", 800],
  ])("survives damage to %s", (name, numRuns) => {
    fc.assert(
      fc.property(damaged(fixture(name)), (bytes) => expectNoCrash(() => readTorch(bytes))),
      { numRuns },
    );
  });

  it("survives damage that the checksum would have found", () => {
    const bytes = withoutChecksums(fixture("views_zip.pth"));
    fc.assert(
      fc.property(damaged(bytes), (file) => expectNoCrash(() => readTorch(file))),
      { numRuns: 800 },
    );
  });
});
