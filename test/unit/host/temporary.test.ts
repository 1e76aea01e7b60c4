/** Temporary places: made only where nothing was, removed only while they are ours. */
import crypto from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TemporaryPlace } from "../../../ts/host/temporary.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mambalite-test-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  rmSync(folder, { recursive: true, force: true });
});

/** The next names will be these; what comes after them is random again. */
function nextNames(...fills: number[]): void {
  const randomBytes = vi.spyOn(crypto, "randomBytes");
  for (const fill of fills) {
    randomBytes.mockImplementationOnce((size: number) => Buffer.alloc(size, fill));
  }
  syncBuiltinESMExports();
}

describe("a temporary place", () => {
  test("has a name nobody can guess, and is gone when it is removed", () => {
    const places = [TemporaryPlace.file(folder), TemporaryPlace.folder(folder)];
    for (const { path } of places) expect(basename(path)).toMatch(/^\.mambalite-[0-9a-f]{32}$/);
    writeFileSync(join(places[1]!.path, "something"), "");
    for (const place of places) place.remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("takes another name where something is already, and leaves that alone", () => {
    nextNames(7, 7, 8);
    const first = TemporaryPlace.file(folder);
    writeFileSync(first.path, "somebody else's");
    const second = TemporaryPlace.file(folder);
    expect(second.path).not.toBe(first.path);
    second.remove();
    expect(readFileSync(first.path, "utf8")).toBe("somebody else's");
  });

  test("does not try for ever", () => {
    nextNames(7, 7, 7, 7, 7);
    const taken = TemporaryPlace.folder(folder);
    expect(() => TemporaryPlace.folder(folder)).toThrow(/EEXIST/);
    expect(existsSync(taken.path)).toBe(true);
  });

  test("is not removed once it has its name for good", () => {
    const place = TemporaryPlace.file(folder);
    place.moveTo(join(folder, "result"));
    place.remove();
    expect(readdirSync(folder)).toEqual(["result"]);
  });

  test("is not removed when something else has taken its place", () => {
    const place = TemporaryPlace.folder(folder);
    renameSync(place.path, join(folder, "moved"));
    mkdirSync(place.path);
    writeFileSync(join(place.path, "precious"), "");
    place.remove();
    expect(readdirSync(place.path)).toEqual(["precious"]);
  });
});
