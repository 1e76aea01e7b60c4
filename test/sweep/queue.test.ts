/**
 * Sweeps over a real Redis: the results that threads give, whatever becomes of workers, planner, server and files.
 * MAMBALITE_WHOLE_SWEEP=60, a number of models, makes them as large as a person's, and measures their speed.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256Of } from "../../ts/sweep/contents.js";
import { DEFAULT_QUEUE, type QueuedJob } from "../../ts/sweep/queue/redis.js";
import { serve } from "../chromium.js";
import { failure, mambalite, output, temporaryFolder } from "../cli/support.js";
import { hasRedis, needsRedis, RedisServer, Running } from "./redis.js";
import { speedOf } from "./speed.js";
import { search, sortedLines, writePlan } from "./support.js";

const inFolder = temporaryFolder();
const WHOLE = Number(process.env.MAMBALITE_WHOLE_SWEEP ?? 0);
const isWhole = WHOLE > 0;
const MODELS = isWhole ? WHOLE : 4;
const KILLS = isWhole ? 20 : 3;
const ITEMS_A_TASK = 12;
const WORKERS = 3;
const PARTS = isWhole ? 8 : 2;
const MOST_BETWEEN_KILLS_MS = 1000;
/** A kill comes after a result, or after so long. */
const MOST_WITHOUT_RESULT_MS = 15_000;
const AWAY_MS = isWhole ? 60_000 : 3000;
const PATIENCE_MS = 3_600_000;

let server: RedisServer;
let plan: string;
let share: string;
let all: string;
const started: Running[] = [];

function running(...args: string[]): Running {
  const one = new Running(args);
  started.push(one);
  return one;
}

function worker(...more: string[]): Running {
  const cache = inFolder(`cache-${started.length}`);
  return running("worker", "--queue", server.url, "--cache", cache, "--jobs", "1", ...more);
}

function planner(file: string, results: string): Running {
  return running(
    "sweep",
    file,
    "-o",
    results,
    "--queue",
    server.url,
    "--share",
    share,
    "--no-report",
  );
}

async function until(
  holds: () => boolean | Promise<boolean>,
  mostMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  const end = Date.now() + mostMs;
  while (!(await holds()) && Date.now() < end) await setTimeout(50);
}

/** Until it is the one that plans on the queue, or has ended. */
async function isAtWork(planning: Running): Promise<void> {
  const redis = new Redis(server.url);
  try {
    await until(async () => {
      const holder = await redis.get(`mambalite:${DEFAULT_QUEUE}:planner`);
      return planning.hasEnded || JSON.parse(holder ?? "{}").pid === planning.pid;
    });
  } finally {
    redis.disconnect();
  }
}

function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
}

describe.skipIf(!hasRedis)(`a sweep over a queue${needsRedis}`, () => {
  beforeAll(async () => {
    server = await RedisServer.start(inFolder("redis"));
    share = inFolder("share");
    plan = search(inFolder("search"), { models: MODELS, crops: 8 }, { itemsATask: ITEMS_A_TASK });
    all = inFolder("search/results.jsonl");
    output(["sweep", plan]);
  }, PATIENCE_MS);
  afterAll(async () => {
    await Promise.all(started.map((one) => one.kill()));
    await server?.stop();
  });

  it("gives the file that threads give, with three workers", { timeout: PATIENCE_MS }, async () => {
    const site = await serve(share);
    try {
      const results = inFolder("queue.jsonl");
      const planning = planner(plan, results);
      const workers = [worker("--idle", "3"), worker("--idle", "3"), worker("--from", site.url)];
      expect(await planning.ended(), planning.stderr).toBe(0);
      expect(sortedLines(results)).toEqual(sortedLines(all));
      expect(await workers[0]!.ended(), workers[0]!.stderr).toBe(0);
      expect(workers[0]!.stdout).toMatch(/^\d+ jobs? done\n$/);
      await workers[2]!.kill();
    } finally {
      site.close();
    }
  });

  it(`gives the same as ${PARTS} parts, merged`, { timeout: PATIENCE_MS }, () => {
    const parts = Array.from({ length: PARTS }, (_, i) => inFolder(`part-${i + 1}.jsonl`));
    for (const [i, part] of parts.entries()) {
      output(["sweep", plan, "--shard", `${i + 1}/${PARTS}`, "-o", part]);
    }
    output(["sweep", "merge", ...parts, "-o", inFolder("parts.jsonl")]);
    expect(sortedLines(inFolder("parts.jsonl"))).toEqual(sortedLines(all));
  });

  it(`is complete after ${KILLS} workers were killed, the planner too, and the server was away`, {
    timeout: PATIENCE_MS,
  }, async () => {
    const results = inFolder("chaos.jsonl");
    const workers = Array.from({ length: WORKERS }, () => worker());
    let planning = planner(plan, results);
    for (let kill = 0; kill < KILLS; kill++) {
      const before = linesOf(results);
      await until(() => linesOf(results) > before, MOST_WITHOUT_RESULT_MS);
      await setTimeout(Math.random() * MOST_BETWEEN_KILLS_MS);
      const victim = Math.floor(Math.random() * WORKERS);
      await workers[victim]!.kill();
      workers[victim] = worker();
    }
    await planning.kill();
    planning = planner(plan, results);
    await isAtWork(planning);
    await server.stop();
    await setTimeout(AWAY_MS);
    await server.start();
    expect(await planning.ended(), planning.stderr).toBe(0);
    const lines = sortedLines(results);
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines).toEqual(sortedLines(all));
    await Promise.all(workers.map((one) => one.kill()));
  });

  it("says who else plans on it", { timeout: PATIENCE_MS }, async () => {
    const results = inFolder("two.jsonl");
    const first = planner(plan, results);
    await until(() => existsSync(`${results}.lock`));
    const same = failure(["sweep", plan, "-o", results, "--queue", server.url, "--share", share]);
    expect(same).toMatch(/two\.jsonl: process \d+ on \S+ writes to it; if not, delete \S+\.lock$/);
    await until(() => first.stderr.includes("no worker"));
    expect(first.stderr).toContain(
      "no worker is at the queue mambalite-sweep: mambalite worker --queue redis://",
    );
    const other = failure([
      "sweep",
      plan,
      "-o",
      inFolder("other.jsonl"),
      "--queue",
      server.url,
      "--share",
      share,
    ]);
    expect(other).toMatch(/process \d+ on \S+ plans on the queue mambalite-sweep; another --name/);
    await first.kill();
  });

  it("is not done by a worker of another version", { timeout: PATIENCE_MS }, async () => {
    const connection = new Redis(server.url, { maxRetriesPerRequest: null });
    const queue = new Queue<QueuedJob>(DEFAULT_QUEUE, { connection });
    try {
      await queue.obliterate({ force: true });
      const model = { name: "m", file: { sha256: "0", name: "m" } };
      const job = { id: "job-x", version: "0.0.9+other", model, boards: [], tasks: [] };
      await queue.add("m", { job, share }, { jobId: job.id });
      const one = worker();
      expect(await one.ended()).toBe(1);
      expect(one.stderr).toMatch(
        /this worker is of version \d\S+, the sweep of 0\.0\.9\+other: install that one\n$/,
      );
      expect(await (await queue.getJob(job.id))!.getState()).toBe("delayed");
    } finally {
      await queue.obliterate({ force: true });
      await queue.close();
      connection.disconnect();
    }
  });

  it("records nothing of a model whose bytes are not those of its hash", {
    timeout: PATIENCE_MS,
  }, async () => {
    const folder = inFolder("changed");
    const small = search(folder, { models: 1, crops: 2 });
    const results = inFolder("changed.jsonl");
    mambalite(["sweep", small, "--queue", "redis://127.0.0.1:1", "--share", share]);
    // The planner could not reach a server, but has filled the folder.
    const model = sha256Of(readFileSync(join(folder, "runs/000/model.safetensors")));
    const right = readFileSync(join(share, model));
    writeFileSync(join(share, model), "something else");
    const one = worker();
    const planning = planner(small, results);
    expect(await planning.ended()).toBe(1);
    expect(planning.stderr).toMatch(
      /12 tasks without a result: runs\/000\/model\.safetensors: other bytes lie under its hash in .*: SHA-256 [0-9a-f]{12}, planned [0-9a-f]{12}\n$/,
    );
    expect(linesOf(results)).toBe(0);
    writeFileSync(join(share, model), right);
    const again = planner(small, results);
    expect(await again.ended(), again.stderr).toBe(0);
    expect(linesOf(results)).toBe(12);
    await one.kill();
  });

  if (isWhole) {
    it("costs little, and two workers do nearly twice as much as one", {
      timeout: PATIENCE_MS,
    }, async () => {
      const heavy = (name: string, models: number, crops: number) =>
        search(
          inFolder(name),
          { models, crops, frames: 96, scale: 2 },
          { variants: { type: ["f32", "w8"] }, itemsATask: 3 * crops },
        );
      const searches = { long: heavy("long", 36, 350), short: heavy("short", 40, 100) };
      const usual = await RedisServer.start(inFolder("redis-speed"), "everysec");
      const places = { url: usual.url, share, cache: inFolder("cache-speed") };
      const speed = await speedOf(searches, places);
      await usual.stop();
      const { twoWorkers, longMs, queueOverhead, shortMs } = speed;
      console.log(
        `jobs of ${longMs.toFixed(0)} ms: two workers ${twoWorkers.toFixed(2)} times one; ` +
          `of ${shortMs.toFixed(0)} ms: queue overhead ${(100 * queueOverhead).toFixed(1)} %`,
      );
      expect(twoWorkers).toBeGreaterThan(1.8);
      expect(queueOverhead).toBeLessThan(0.05);
    });
  }

  it("is refused where its options do not fit", () => {
    const file = writePlan(inFolder("search"), "options.json", {});
    expect(failure(["sweep", file, "--queue", server.url])).toContain("--share with it");
    expect(failure(["sweep", file, "--share", share])).toContain("--queue with it");
    const queued = ["sweep", file, "--share", share, "--queue"];
    expect(failure([...queued, server.url, "--jobs", "2"])).toContain("workers have it");
    expect(failure([...queued, server.url, "--shard", "1/2"])).toContain("none with --queue");
    expect(failure([...queued, "localhost"])).toContain("redis://localhost:6379");
    expect(failure([...queued, "redis://:secret@127.0.0.1:1"])).toMatch(
      /redis:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
    );
  });
});
