import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  PickleGlobal,
  type PickleHost,
  PickleTuple,
  readPickle,
} from "../../../ts/checkpoint/pickle.js";
import { BadFile, UnsafePickle } from "../../../ts/core/errors.js";
import { expectNoCrash } from "./support.js";

const host: PickleHost = {
  find: (name) => (name === "safe.constant" ? new PickleGlobal(name) : undefined),
  persistentLoad: (id) => id,
};

/** A protocol 2 pickle of the given opcodes: characters, or bytes as numbers. */
function pickle(...parts: (string | number)[]): Uint8Array {
  const bytes = parts.flatMap((part) =>
    typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : [part],
  );
  return Uint8Array.from([0x80, 2, ...bytes]);
}

const load = (...parts: (string | number)[]) => readPickle(pickle(...parts), 0, host).value;

describe("readPickle", () => {
  it("reads numbers", () => {
    expect(load("K", 200, ".")).toBe(200);
    expect(load("M", 1, 2, ".")).toBe(513);
    expect(load("J", 0xfe, 0xff, 0xff, 0xff, ".")).toBe(-2);
    expect(load("G", 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, ".")).toBe(1.5);
    expect(load(0x8a, 0, ".")).toBe(0);
    expect(load(0x8a, 1, 0xff, ".")).toBe(-1);
    expect(load(0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 1, ".")).toBe(2n ** 56n);
    expect(load(0x8b, 2, 0, 0, 0, 0, 1, ".")).toBe(256);
  });

  it("reads text and bytes", () => {
    expect(load("X", 2, 0, 0, 0, 0xc3, 0xa9, ".")).toBe("é");
    expect(load("U", 1, "a.")).toBe("a");
    expect(load("C", 2, "ab.")).toEqual(Uint8Array.of(97, 98));
  });

  it("reads containers", () => {
    expect(load("(K", 1, "K", 2, "t.")).toEqual(new PickleTuple([1, 2]));
    expect(load("](K", 1, "K", 2, "e.")).toEqual([1, 2]);
    expect(load("(K", 1, "K", 2, "l.")).toEqual([1, 2]);
    expect(load("(K", 1, "K", 2, "d.")).toEqual(new Map([[1, 2]]));
    expect(load("}K", 1, "K", 2, "s.")).toEqual(new Map([[1, 2]]));
    expect(load(0x8f, "(K", 1, 0x90, ".")).toEqual(new Set([1]));
    expect(load("(K", 1, 0x91, ".")).toEqual(new Set([1]));
  });

  it("reads OrderedDict and sets", () => {
    expect(load("ccollections\nOrderedDict\n)R.")).toEqual(new Map());
    const set = load("c__builtin__\nset\n](K", 1, "e", 0x85, "R.");
    expect(set).toEqual(new PickleTuple([[1]]));
  });

  it("does no work over and over for what the memo repeats", () => {
    const items = "N".repeat(100_000);
    const set = "h\x01h\x02R0".repeat(100_000);
    const start = performance.now();
    load("cbuiltins\nset\nq", 1, "0](", items, "e", 0x85, "q", 2, set, ".");
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("keeps names that objects already have as keys", () => {
    const value = load("}U", 9, "__proto__N", "s.");
    expect([...(value as Map<unknown, unknown>)]).toEqual([["__proto__", null]]);
  });

  it("shares what the memo shares, itself included", () => {
    const list = load("]q", 5, "h", 5, "a.") as unknown[];
    expect(list[0]).toBe(list);
  });

  it("drops attributes of dicts", () => {
    expect(load("}}U", 1, "xNsb.")).toEqual(new Map());
  });

  it("reads one of several pickles", () => {
    const two = Uint8Array.of(...pickle("N."), ...pickle("K", 7, "."));
    expect(readPickle(two, 4, host)).toEqual({ value: 7, end: two.length });
  });

  it.each([
    ["os.system", ["cos\nsystem\n(U", 2, "lstR."]],
    ["builtins.eval", ["cbuiltins\neval\n."]],
    ["builtins.getattr", [0x8c, 8, "builtins", 0x8c, 7, "getattr", 0x93, "."]],
    ["collections.OrderedDict.__init__", ["ccollections\nOrderedDict.__init__\n."]],
    ['"a\\nb.c"', [0x8c, 3, "a\nb", 0x8c, 1, "c", 0x93, "."]],
    ["call of safe.constant", ["csafe\nconstant\n)R."]],
    ["opcode INST", ["(ios\nsystem\n."]],
    ["opcode OBJ", ["(csafe\nconstant\no."]],
    ["opcode NEWOBJ", ["csafe\nconstant\n)", 0x81, "."]],
    ["opcode NEWOBJ_EX", ["csafe\nconstant\n)}", 0x92, "."]],
    ["opcode EXT1", [0x82, 1, "."]],
    ["opcode PERSID", ["Pid\n."]],
    ["opcode GET", ["g0\n."]],
    ["opcode NEXT_BUFFER", [0x97, "."]],
    ["opcode BUILD", ["csafe\nconstant\n}b."]],
  ])("refuses %s by name", (name, parts) => {
    try {
      load(...parts);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UnsafePickle);
      expect((error as UnsafePickle).refused).toBe(name);
    }
  });

  it.each([
    ["no protocol", Uint8Array.of(0x4e, 0x2e), "no protocol 2 header"],
    ["protocol 6", Uint8Array.of(0x80, 6, 0x4e, 0x2e), "unknown protocol 6"],
    ["nothing to return", pickle("."), "stack underflow"],
    ["values left over", pickle("NN."), "left on the stack"],
    ["no end", pickle("N"), "truncated"],
    ["an unknown opcode", pickle("N", 0xff, "."), "0xff is not a pickle opcode"],
    ["an unknown memo entry", pickle("h", 3, "."), "memo entry 3 was never set"],
    ["no mark", pickle("Nt."), "no mark"],
    ["a pop through a mark", pickle("N(", 0x85, "."), "stack underflow"],
    ["an append to a tuple", pickle(")Na."), "not a list"],
    ["an item in a list", pickle("]NNs."), "not a dict"],
    ["a key without value", pickle("}(Nu."), "without a value"],
    ["a list as a key", pickle("}]Ns."), "used as a key"],
    ["text past the end", pickle("X", 255, 255, 255, 255, "."), "4294967295 bytes expected"],
    ["text of 2^60 bytes", pickle(0x8d, 0, 0, 0, 0, 0, 0, 0, 16, "."), "bytes expected"],
    ["a frame past the end", pickle(0x95, 99, 0, 0, 0, 0, 0, 0, 0, "N."), "99 bytes expected"],
    ["text that is not UTF-8", pickle("U", 1, 0xff, "."), "not UTF-8"],
    ["a huge integer", pickle(0x8b, 17, 0, 0, 0, ".".repeat(17), "."), "an integer of 17 bytes"],
    ["an unfinished global", pickle("cos"), "truncated in the name"],
    ["a call of a number", pickle("K", 1, ")R."), "not a global"],
    ["an OrderedDict of items", pickle("ccollections\nOrderedDict\n]", 0x85, "R."), "arguments"],
    ["arguments in a list", pickle("ccollections\nOrderedDict\n]R."), "not a tuple"],
    ["a global named by a number", pickle("NN", 0x93, "."), "name is not text"],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => readPickle(bytes, 0, host)).toThrow(BadFile);
    expect(() => readPickle(bytes, 0, host)).toThrow(message);
  });

  it("takes deep nesting and long chains in its stride", () => {
    const depth = 200_000;
    const opcodes = new Uint8Array(2 + 1 + depth + 1).fill(0x85);
    opcodes.set([0x80, 2, 0x29]);
    opcodes[opcodes.length - 1] = 0x2e;
    expect(readPickle(opcodes, 0, host).value).toBeInstanceOf(PickleTuple);
  });

  it("survives any opcodes", () => {
    const KNOWN = [..."().012BCGJKMNQRTUX]abcdehjlqrstu}"].map((c) => c.charCodeAt(0));
    const opcode = fc.oneof(
      fc.constantFrom(...KNOWN),
      fc.integer({ min: 0x80, max: 0x98 }),
      fc.nat(255),
    );
    fc.assert(
      fc.property(fc.array(opcode, { maxLength: 60 }), (bytes) => {
        expectNoCrash(() => readPickle(Uint8Array.of(0x80, 2, ...bytes), 0, host));
      }),
      { numRuns: 3000 },
    );
  });
});
