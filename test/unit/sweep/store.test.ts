/** The file of results: one writer, whole lines, and nothing lost where the disk or another process says no. */
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { readStore, resultOf, Store } from "../../../ts/sweep/store.js";
import { temporaryFolder } from "../../cli/support.js";

const inFolder = temporaryFolder();
const line = (key: string, more = "") => `{"key":"${key}","model":"m${more}"}`;

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
