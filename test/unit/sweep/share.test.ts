/** What a worker takes from a queue that anybody may write to: names of content, and of the queue itself. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { sha256Of } from "../../../ts/sweep/contents.js";
import { connect } from "../../../ts/sweep/queue/redis.js";
import { SharedSource } from "../../../ts/sweep/share.js";
import { temporaryFolder } from "../../cli/support.js";

const inFolder = temporaryFolder();

describe("SharedSource", () => {
  let share: string;
  let cache: string;
  let source: SharedSource;

  beforeEach(() => {
    share = inFolder("share");
    cache = inFolder("cache");
    source = new SharedSource(share, cache);
    mkdirSync(share, { recursive: true });
  });

  it("reads by hashes only: no path leads out of its folders", async () => {
    writeFileSync(inFolder("secret"), "secret");
    const hash = sha256Of("secret");
    for (const sha256 of ["../secret", inFolder("secret"), `../${hash}`, "", `${hash}\n`]) {
      const read = source.read({ sha256, name: "model" });
      await expect(read).rejects.toThrow(/^model: its hash is no SHA-256$/);
    }
    expect(existsSync(cache)).toBe(false);
  });

  it("names content whose place in the cache is not a file", async () => {
    const sha256 = sha256Of("bytes");
    writeFileSync(join(share, sha256), "bytes");
    mkdirSync(join(cache, sha256), { recursive: true });
    const read = source.read({ sha256, name: "model" });
    await expect(read).rejects.toMatchObject({
      code: "CONTENT_PROBLEM",
      message: `model: ${join(cache, sha256)}: is a directory, not a file`,
    });
    expect(readdirSync(cache)).toEqual([sha256]);
  });
});

describe("connect", () => {
  it.each(["", "a:b"])(
    "refuses %j as the name of a queue before anything is there",
    async (name) => {
      const place = { url: "redis://127.0.0.1:1", name, say: () => {} };
      await expect(connect(place)).rejects.toThrow(
        `--name: expected a name without ":", got ${JSON.stringify(name)}`,
      );
    },
  );
});
