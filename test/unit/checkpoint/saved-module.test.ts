/** Modules that were pickled whole and mean harm: nothing is called, and work is bounded by the bytes. */
import { describe, expect, it } from "vitest";
import { readTorch } from "../../../ts/checkpoint/index.js";
import { BadCheckpoint, UnsafePickle } from "../../../ts/core/errors.js";

const characters = (text: string) => Array.from(text, (character) => character.charCodeAt(0));

/** Text as BINUNICODE. */
function text(value: string): string {
  const size = value.length;
  return `X${String.fromCharCode(size & 0xff, size >> 8, 0, 0)}${value}`;
}

const EMPTY = `c__main__\nNet\n)\x81`;
/** A module of these opcodes as its members. */
const moduleOf = (members: string) => `${EMPTY}}(${members}ub`;
const MODULES = `${text("_parameters")}}${text("_modules")}`;

/** A legacy file without storages whose object is of these opcodes. */
function legacy(opcodes: string): Uint8Array {
  const pickles = [
    "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19",
    "M\xe9\x03",
    `}(${text("little_endian")}\x88u`,
    opcodes,
    "]",
  ];
  return Uint8Array.from(pickles.flatMap((pickle) => characters(`\x80\x02${pickle}.`)));
}

describe("a whole module", () => {
  it("may name functions, but none is called", () => {
    const call = "cposix\nsystem\n(U\x02lstR";
    const members = `${MODULES}}${text("act")}${call}`;
    expect(() => readTorch(legacy(moduleOf(members)))).toThrow(UnsafePickle);
    expect(() => readTorch(legacy(moduleOf(members)))).toThrow("posix.system");
    const named = `${MODULES}}${text("act")}cposix\nsystem\n`;
    expect(() => readTorch(legacy(moduleOf(named)))).toThrow(BadCheckpoint);
    expect(() => readTorch(legacy(moduleOf(named)))).toThrow("tensors by name");
  });

  it("is refused where it is no module", () => {
    expect(() => readTorch(legacy(EMPTY))).toThrow("__main__.Net, which is no module");
    expect(() => readTorch(legacy(`}(${text("w")}cposix\nsystem\nu`))).toThrow("posix.system");
  });

  it.each([
    ["holds itself", `${EMPTY}q\x01}(${MODULES}}(${text("a")}h\x01uub`],
    [
      "holds twice what holds twice what ...",
      `${moduleOf(`${MODULES}}`)}q\x010${Array.from(
        { length: 60 },
        () => `${moduleOf(`${MODULES}}(${text("a")}h\x01${text("b")}h\x01u`)}q\x010`,
      ).join("")}h\x01`,
    ],
    [
      "is 20,000 deep",
      `${`${EMPTY}}(${MODULES}}(${text("a")}`.repeat(20_000)}N${"uub".repeat(20_000)}`,
    ],
    [
      "has the same long name again and again",
      `${EMPTY}q\x01}(${MODULES}}(${text("n".repeat(60_000))}h\x01uub`,
    ],
  ])("is refused where it %s", (_, opcodes) => {
    const bytes = legacy(opcodes);
    const began = performance.now();
    expect(() => readTorch(bytes)).toThrow(BadCheckpoint);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
