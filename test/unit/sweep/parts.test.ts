/** What a sweep is made of: fronts, sums of stretches, patterns, content, against the plainest form of each. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../../ts/checkpoint/index.js";
import { crc32, joinedCrc32 } from "../../../ts/crc32.js";
import { hexWord } from "../../../ts/hex-word.js";
import { bytesAt, Contents, LocalSource } from "../../../ts/sweep/contents.js";
import { stretchesOf } from "../../../ts/sweep/data.js";
import { type Costs, frontOf } from "../../../ts/sweep/front.js";
import { filesOf } from "../../../ts/sweep/glob.js";
import { planSweep } from "../../../ts/sweep/plan.js";
import { readSweepFile } from "../../../ts/sweep/plan-file.js";
import { together } from "../../../ts/sweep/summary.js";
import { temporaryFolder } from "../../cli/support.js";

const inFolder = temporaryFolder();

describe("frontOf", () => {
  it("is what brute force finds", () => {
    const cost = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant(Number.POSITIVE_INFINITY));
    const all = fc.array(fc.tuple(cost, cost, cost), { maxLength: 60 });
    fc.assert(
      fc.property(all, (candidates) => {
        const isBeaten = (one: Costs) =>
          candidates.some((other) => {
            const isNoWorse = other.every((value, i) => value <= one[i]!);
            return isNoWorse && other.some((value, i) => value < one[i]!);
          });
        const expected = new Set(candidates.filter((one) => !isBeaten(one)));
        expect(new Set(frontOf(candidates, (costs) => costs))).toEqual(expected);
      }),
    );
  });
});

describe("planSweep", () => {
  it("puts names into paths as they are, whatever characters they have", async () => {
    const folder = inFolder("$&names$$");
    mkdirSync(folder);
    for (const name of ["a$&b.mlm", "a$&b.json"]) writeFileSync(join(folder, name), name);
    const plan = inFolder("names.json");
    const models = [{ model: "*names*/*.mlm", arch: "{folder}/{name}.json" }];
    writeFileSync(plan, JSON.stringify({ sweep: 1, models }));
    const locate = (model: string) => ({ model });
    const { jobs } = await planSweep(readSweepFile(plan), { version: "1", locate });
    expect(jobs.map(({ model }) => model.arch?.name)).toEqual(["$&names$$/a$&b.json"]);
  });
});

describe("together", () => {
  it("joins CRCs as if the bytes had come in one piece", () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(bytes, bytes, (first, second) => {
        const joined = joinedCrc32(crc32(first), crc32(second), second.length);
        expect(joined).toBe(crc32(Buffer.concat([first, second])));
      }),
    );
  });

  it("joins CRCs of more than 2^32 bits as if they came by the megabyte", () => {
    const megabyte = new Uint8Array(2 ** 20).fill(7);
    const crc = crc32(megabyte);
    const behind = (before: number, megabytes: number) => {
      let joined = before;
      for (let i = 0; i < megabytes; i++) joined = joinedCrc32(joined, crc, megabyte.length);
      return joined;
    };
    const long = behind(crc, 1023);
    expect(joinedCrc32(long, long, 2 ** 30)).toBe(behind(long, 1024));
  });

  it("adds counts, and keeps infinite errors", () => {
    const stretch = {
      saturations: 1,
      logitsCrc32: hexWord(crc32(new Uint8Array(4))),
      logitsBytes: 4,
    };
    const a = { ...stretch, items: 2, correct: 1, disagreements: 0, meanError: 0.5, maxError: 1 };
    const b = { ...stretch, items: 6, correct: 5, disagreements: 2, meanError: 0.1, maxError: 0.2 };
    expect(together(a, b)).toMatchObject({
      ...{ items: 8, correct: 6, disagreements: 2, maxError: 1, saturations: 2, logitsBytes: 8 },
      logitsCrc32: hexWord(crc32(new Uint8Array(8))),
    });
    expect(together(a, b).meanError).toBeCloseTo(0.2, 12);
    expect(together(a, { ...b, meanError: null, maxError: null })).toMatchObject({
      ...{ meanError: null, maxError: null },
    });
  });
});

describe("docs/sweep.md", () => {
  it("shows a plan that is one, and names every member", () => {
    const docs = readFileSync(new URL("../../../docs/sweep.md", import.meta.url), "utf8");
    const path = inFolder("docs.json");
    writeFileSync(path, /```json\n([\s\S]*?)```/.exec(docs)![1]!);
    const { models, boards, variants, limits } = readSweepFile(path);
    expect(models).toHaveLength(1);
    expect(boards.map(({ id }) => id)).toEqual(["nrf52840"]);
    expect(variants).toMatchObject({ type: ["f32", "w8", "int"], tile: [1, 4, 8], fold: [false] });
    expect(limits).toEqual({ arenaBytes: 16384, boardMs: new Map([["nrf52840", 20]]) });
  });
});

describe("filesOf", () => {
  it("finds files by patterns, in order, hidden ones only where they are meant", () => {
    for (const path of ["a/x.pt", "a/b/x.pt", "a/b/y.pt", "a/.h/x.pt", "c/x.pt", "c/x.mlm"]) {
      mkdirSync(join(inFolder("glob"), path, ".."), { recursive: true });
      writeFileSync(join(inFolder("glob"), path), "");
    }
    const found = (pattern: string) =>
      filesOf(join(inFolder("glob"), pattern)).map((path) =>
        path.slice(inFolder("glob").length + 1),
      );
    expect(found("*/x.pt")).toEqual(["a/x.pt", "c/x.pt"]);
    expect(found("**/x.*")).toEqual(["a/b/x.pt", "a/x.pt", "c/x.mlm", "c/x.pt"]);
    expect(found("a/**/?.pt")).toEqual(["a/b/x.pt", "a/b/y.pt", "a/x.pt"]);
    expect(found("a/.*/x.pt")).toEqual(["a/.h/x.pt"]);
    expect(found("c/x.mlm")).toEqual(["c/x.mlm"]);
    expect(found("[ab]/x.pt")).toEqual([]);
  });
});

describe("content", () => {
  it("cuts rows of an array into files of their own, without the others", async () => {
    const data = Float32Array.from({ length: 7 * 6 }, (_, i) => i / 3);
    writeFileSync(inFolder("x.npy"), writeNpy(data, [7, 3, 2]));
    writeFileSync(inFolder("y.npy"), writeNpy(Int32Array.from([0, 1, 2, 3, 4, 5, 6]), [7]));
    const contents = new Contents();
    const set = { name: "set", inputs: inFolder("x.npy"), classes: inFolder("y.npy") };
    const cut = { contents, folder: inFolder(""), itemsATask: 3 };
    const stretches = await stretchesOf(set, cut);
    expect(stretches.map(({ first }) => first)).toEqual([0, 3, 6]);
    const parts = stretches.map(({ items }) => {
      if (items.kind !== "array") throw new Error("an array");
      return readNpy(bytesAt(contents.places.get(items.inputs.sha256)!));
    });
    expect(parts.map(({ shape }) => shape)).toEqual([
      [3, 3, 2],
      [3, 3, 2],
      [1, 3, 2],
    ]);
    expect(Float32Array.from(parts.flatMap((part) => [...part.data]))).toEqual(data);
  });

  it("is named when it is not what it was", async () => {
    const path = inFolder("model");
    writeFileSync(path, "one");
    const contents = new Contents();
    const model = contents.file(path, "runs/model");
    const source = new LocalSource(contents.places);
    expect(await source.read(model)).toEqual(Buffer.from("one"));
    writeFileSync(path, "two");
    await expect(source.read(model)).rejects.toThrow(
      /^runs\/model: it has changed since the sweep was planned: SHA-256 [0-9a-f]{12}, planned [0-9a-f]{12}$/,
    );
  });
});
