/** Caches by construction, and what a board's memories charge for them. */
import { describe, expect, test } from "vitest";
import { type BoardTiming, timingOf } from "../../ts/board/boards.js";
import { Cache } from "../../ts/board/memory/cache.js";
import { Hierarchy } from "../../ts/board/memory/hierarchy.js";
import { exactly, type Placement } from "../../ts/board/memory/memories.js";

const SHAPE = { bytes: 1024, ways: 2, lineBytes: 32 };
/** Lines this far apart are in the same set. */
const SET_STRIDE = SHAPE.bytes / SHAPE.ways;

/** Misses of a walk over addresses. */
function missesOf(addresses: readonly number[], shape = SHAPE): number {
  const cache = new Cache(shape);
  return addresses.filter((address) => !cache.access(address)).length;
}

const walk = (bytes: number, step: number, times = 1) =>
  Array.from({ length: times }, () =>
    Array.from({ length: bytes / step }, (_, i) => i * step),
  ).flat();

describe("a cache", () => {
  test("misses a line once, whatever of it is read", () => {
    expect(missesOf(walk(32, 4))).toBe(1);
    expect(missesOf(walk(256, 4))).toBe(8);
    expect(missesOf([31, 32])).toBe(2);
  });

  test("holds what fits, for ever", () => expect(missesOf(walk(1024, 4, 10))).toBe(32));

  test("holds nothing of a walk that is longer by a line a set", () =>
    expect(missesOf(walk(1536, 32, 10))).toBe(480));

  test("has as many places for a set as ways", () => {
    const two = [0, SET_STRIDE, 0, SET_STRIDE];
    expect(missesOf(two)).toBe(2);
    expect(missesOf([0, SET_STRIDE, 2 * SET_STRIDE, 0])).toBe(4);
  });

  test("gives up what was used longest ago", () => {
    expect(missesOf([0, SET_STRIDE, 0, 2 * SET_STRIDE, 0])).toBe(3);
    expect(missesOf([0, SET_STRIDE, 0, 2 * SET_STRIDE, SET_STRIDE])).toBe(4);
  });

  test("of one way and of all", () => {
    expect(missesOf([0, 1024, 0], { ...SHAPE, ways: 1 })).toBe(3);
    expect(missesOf(walk(1024, 32, 3), { ...SHAPE, ways: 32 })).toBe(32);
  });

  test("of a shape that is none", () => {
    expect(() => new Cache({ bytes: 1000, ways: 3, lineBytes: 32 })).toThrow(
      /1000 bytes in 3 ways/,
    );
  });
});

describe("memories", () => {
  const placement: Placement = {
    ...{ weights: "flash", arena: "dtcm", code: "flash", data: "dtcm", inputs: "raw" },
  };
  const board: BoardTiming = {
    ...timingOf("stm32h743")!,
    memories: {
      ...timingOf("stm32h743")!.memories,
      flash: {
        name: "flash",
        instructions: "instructions",
        data: "data",
        cycles: { usual: 26, low: 20, high: 32 },
      },
      raw: { name: "not cached", cycles: exactly(5) },
    },
  };
  const stretches = [
    { thing: "code", begin: 0, end: 0x10000 },
    { thing: "weights", begin: 0x10000, end: 0x20000 },
    { thing: "arena", begin: 0x20000000, end: 0x20010000 },
    { thing: "inputs", begin: 0x60000000, end: 0x60010000 },
  ] as const;
  const make = () => new Hierarchy(board, placement, stretches);
  const at = (...addresses: number[]) => Uint32Array.from(addresses);

  test("a line of code is fetched once, and both when an instruction lies in two", () => {
    const memory = make();
    expect(memory.fetch(0, 4)).toBe(26);
    expect(memory.fetch(28, 4)).toBe(0);
    expect(memory.fetch(30, 4)).toBe(26);
    expect(memory.fetch(94, 4)).toBe(52);
    expect(memory.misses()).toEqual([
      { thing: "code", memory: "flash", count: 4, cycles: { usual: 104, low: 80, high: 128 } },
    ]);
  });

  test("data by the line, several of one load together", () => {
    const memory = make();
    expect(memory.access(at(0x10000, 0x10004, 0x10008), 3, false)).toBe(26);
    expect(memory.access(at(0x1001c, 0x10020), 2, false)).toBe(26);
    expect(memory.access(at(0x20000000), 1, false)).toBe(0);
    expect([memory.lowCycles, memory.highCycles]).toEqual([40, 64]);
  });

  test("without a cache every load costs, and no store", () => {
    const memory = make();
    expect(memory.access(at(0x60000000, 0x60000004), 2, false)).toBe(10);
    expect(memory.access(at(0x60000000), 1, true)).toBe(0);
  });

  test("what nothing is known of costs nothing, and is not taken for what was there before", () => {
    const memory = make();
    expect(memory.access(at(0x90000000), 1, false)).toBe(0);
    expect(memory.access(at(0x10000), 1, false)).toBe(26);
  });

  test("a memory that the board does not have", () => {
    expect(() => new Hierarchy(board, { ...placement, weights: "psram" }, stretches)).toThrow(
      /no memory is named psram/,
    );
  });
});
