/** The file of results: one writer, whole lines, and nothing lost where the disk or another process says no. */
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { mergedStores } from "../../../ts/sweep/merge.js";
import { readStore, resultOf, Store } from "../../../ts/sweep/store.js";
import { temporaryFolder } from "../../cli/support.js";

const inFolder = temporaryFolder();
const line = (key: string, more = "") =>
  `{"key":"${key}","model":"m${more}","error":{"code":"C","message":"m"}}`;

describe("mergedStores", () => {
  const part = (name: string, ...lines: string[]) => {
    writeFileSync(inFolder(name), lines.map((one) => `${one}\n`).join(""));
    return inFolder(name);
  };

  it("has each task once, in the order of keys", () => {
    const parts = [part("1.jsonl", line("c"), line("a")), part("2.jsonl", line("b"), line("a"))];
    const text = [line("a"), line("b"), line("c")].map((one) => `${one}\n`).join("");
    expect(mergedStores(parts)).toEqual({ text, tasks: 3 });
  });

  it("refuses parts that do not agree, each of which is whole", () => {
    const [one, other] = [part("3.jsonl", line("a")), part("4.jsonl", line("a", " of another"))];
    expect(() => mergedStores([one, other])).toThrow(
      `${other}: has another result of the task a than ${one}`,
    );
  });
});

describe("Store", () => {
  it("appends whole lines, each key once", () => {
    const path = inFolder("lines.jsonl");
    const store = Store.open(path);
    expect(store.append([line("a"), line("b")])).toBe(2);
    expect(store.append([line("b", " again"), line("c")])).toBe(1);
    store.close();
    expect(readFileSync(path, "utf8")).toBe(`${[line("a"), line("b"), line("c")].join("\n")}\n`);
    expect(resultOf(readStore(path), "c")).toMatchObject({ key: "c", model: "m" });
    expect(resultOf(readStore(path), "d")).toBeUndefined();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it("takes away what an interrupted process left of a line", () => {
    const path = inFolder("cut.jsonl");
    writeFileSync(path, `${line("a")}\n{"key":"b","mod`);
    const store = Store.open(path);
    expect([store.has("a"), store.has("b")]).toEqual([true, false]);
    store.append([line("b")]);
    store.close();
    expect(readFileSync(path, "utf8")).toBe(`${line("a")}\n${line("b")}\n`);
  });

  it.each(["words of somebody's, on a line that does not end", '{"labels":["a","b"]}', '{"key":'])(
    "takes nothing away of a file that is no store: %s",
    (text) => {
      const path = inFolder("mine.json");
      writeFileSync(path, text);
      const isBegun = text === '{"key":';
      if (isBegun) Store.open(path).close();
      else expect(() => Store.open(path)).toThrow(/mine\.json: line 1 is no result of a sweep: "/);
      expect(readFileSync(path, "utf8")).toBe(isBegun ? "" : text);
      expect(existsSync(`${path}.lock`)).toBe(false);
    },
  );

  it("names a line that is not what a sweep writes, and reads one that is", () => {
    const path = inFolder("changed.jsonl");
    const needed = { frames: 1, arenaBytes: 2, callerBytes: 3, flashBytes: 4 };
    const fits = { ...needed, boards: { one: { fits: true, ms: 1, lowMs: 1, highMs: 2 } } };
    const ran = { items: 1, meanError: null, saturations: 0, logitsCrc32: "00", logitsBytes: 4 };
    const read = (result: object) => {
      writeFileSync(path, `${line("a")}\n${JSON.stringify({ key: "b", ...result })}\n`);
      return resultOf(readStore(path), "b");
    };
    const whole = [{ error: { code: "C", message: "m" } }, fits, { ...fits, data: "d", ran }];
    for (const result of whole) expect(read(result)).toEqual({ key: "b", ...result });
    for (const result of [
      {},
      needed,
      { ...fits, arenaBytes: "2" },
      { ...needed, boards: { one: null } },
      { ...needed, boards: { one: { fits: true, ms: null, lowMs: null, highMs: null } } },
      { ...fits, data: "d" },
      { ...fits, data: "d", ran: {} },
      { ...fits, data: "d", ran: { ...ran, meanError: "1" } },
      { error: 5 },
      { error: { code: "C" } },
    ]) {
      expect(() => read(result)).toThrow(
        `${path}: line 2 is no whole result of the task b: delete the line, and sweep again`,
      );
    }
  });

  it("notices another writer that asked nobody, and adds nothing", () => {
    const path = inFolder("other.jsonl");
    const store = Store.open(path);
    store.append([line("a")]);
    appendFileSync(path, `${line("x")}\n`);
    expect(() => store.append([line("b")])).toThrow(/another process has written to it/);
    store.close();
    expect(readFileSync(path, "utf8")).toBe(`${line("a")}\n${line("x")}\n`);
  });

  it("is one process's: of this machine while that lives, of another one until somebody says", () => {
    const path = inFolder("owned.jsonl");
    const owned = (owner: object) => writeFileSync(`${path}.lock`, JSON.stringify(owner));
    owned({ pid: process.ppid, host: hostname() });
    expect(() => Store.open(path)).toThrow(`process ${process.ppid} on ${hostname()} writes to it`);
    owned({ pid: 1, host: "elsewhere" });
    expect(() => Store.open(path)).toThrow(`if not, delete ${path}.lock`);
    const { pid } = spawnSync("true");
    owned({ pid, host: hostname() });
    Store.open(path).close();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});
