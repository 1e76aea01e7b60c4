/** `mambalite sweep` on threads and as parts of an array job: the same results, however they come about. */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { shardOption } from "../../ts/cli/shard-option.js";
import {
  bundled,
  failure,
  json,
  mambalite,
  output,
  root,
  temporaryFolder,
} from "../cli/support.js";
import { resultsIn, search, sortedLines, writePlan } from "./support.js";

const inFolder = temporaryFolder();
const MODELS = 4;
const TYPES = 3;
const TILES = 4;
const CROPS = 6;
const WINDOWS = 3;
const PARTS = 3;
const launcher = join(root, "scripts/mambalite.mjs");
const main = join(root, "dist/cli/main.js");

const partOf = (text: string, environment: object) => shardOption({ ...environment })(text);

let plan: string;
let all: string;

beforeAll(() => {
  plan = search(inFolder("search"), { models: MODELS, crops: CROPS });
  all = inFolder("search/results.jsonl");
  output(["sweep", plan]);
});

describe("mambalite sweep", () => {
  it("gives a line a task, with its key first and all that is asked of it", () => {
    const lines = sortedLines(all);
    expect(lines).toHaveLength(MODELS * TYPES * TILES);
    expect(lines.every((line) => /^\{"key":"[0-9a-f]{32}",/.test(line))).toBe(true);
    expect(new Set(lines.map((line) => JSON.parse(line).key)).size).toBe(lines.length);
    for (const { type, ran, boards, arenaBytes, flashBytes } of resultsIn(all)) {
      expect(ran!.items).toBe(WINDOWS * CROPS);
      expect(Object.keys(boards!)).toHaveLength(4);
      expect(arenaBytes).toBeGreaterThan(0);
      expect(flashBytes).toBeGreaterThan(0);
      if (type === "f32")
        expect(ran).toMatchObject({ disagreements: 0, meanError: 0, maxError: 0 });
      else expect(ran!.meanError).toBeGreaterThan(0);
      const { ms = 0, lowMs = 0, highMs = 0 } = boards!.stm32h743!;
      expect(lowMs).toBeLessThan(ms);
      expect(highMs).toBeGreaterThan(ms);
    }
  });

  it("says what eval and profile say of the same model", () => {
    const model = "search/runs/002/model.safetensors";
    const files = ["--frontend", "search/frontend.json"];
    const names = inFolder("search/labels.json");
    const folder = inFolder("");
    const { items, correct } = json(
      ["eval", model, ...files, "--labels", names, "--inputs", "search/test.npy"].concat([
        ...["--labels", "search/test-classes.npy"],
      ]),
      folder,
    );
    const execution = ["--tile", "4", "--quick", "--frames", "32", "--board", "rp2040"];
    const profile = json(["profile", model, ...files, "--labels", names, ...execution], folder);
    const result = resultsIn(all).find(
      ({ model: name, type, tile }) => name.includes("002") && type === "f32" && tile === 4,
    )!;
    expect(result.ran).toMatchObject({ items, correct });
    expect(result.arenaBytes).toBe(profile.plan.arenaBytes);
    expect(result.flashBytes).toBe(profile.flash.weightsBytes);
    expect(result.boards!.rp2040!.ms).toBe(profile.boards[0].time.ms);
  });

  it("goes on after an interruption, and does no task again", () => {
    const text = readFileSync(all, "utf8");
    const lines = text.split("\n");
    const before = lines.slice(0, 20).join("\n");
    const partial = inFolder("search/partial.jsonl");
    writeFileSync(partial, `${before}\n${lines[20]!.slice(0, 100)}`);
    const { stdout } = mambalite(["sweep", plan, "-o", partial, "--dry-run"]);
    expect(stdout).toContain(`${lines.length - 1 - 20} of them to do`);
    output(["sweep", plan, "-o", partial, "--jobs", "1"]);
    expect(readFileSync(partial, "utf8").startsWith(`${before}\n`)).toBe(true);
    expect(sortedLines(partial)).toEqual(sortedLines(all));
    const done = readFileSync(partial, "utf8");
    output(["sweep", plan, "-o", partial]);
    expect(readFileSync(partial, "utf8")).toBe(done);
  });

  it("gives the same file in parts, merged", () => {
    const parts = Array.from({ length: PARTS }, (_, i) => {
      const part = inFolder(`part-${i + 1}.jsonl`);
      output(["sweep", plan, "--shard", `${i + 1}/${PARTS}`, "-o", part]);
      return part;
    });
    const merged = inFolder("merged.jsonl");
    output(["sweep", "merge", ...parts, "-o", merged]);
    expect(sortedLines(merged)).toEqual(sortedLines(all));
    const [first, second] = json(["sweep", plan, "-o", merged]).boards;
    expect(first.best).toEqual(json(["sweep", plan]).boards[0].best);
    expect(second.front.length).toBeGreaterThan(0);
  });

  it("adds stretches of data up to what a single run counts, to the bits of the logits", () => {
    const cut = writePlan(inFolder("search"), "cut.json", { itemsATask: 5 });
    const pieces = inFolder("search/cut.jsonl");
    const { tasks, boards } = json(["sweep", cut, "-o", pieces]);
    expect(tasks).toBe(MODELS * TYPES * TILES * Math.ceil((WINDOWS * CROPS) / 5));
    for (const [i, { front }] of json(["sweep", plan]).boards.entries()) {
      expect(boards[i].front).toHaveLength(front.length);
      for (const [k, candidate] of front.entries()) {
        const { sets, ...same } = boards[i].front[k];
        expect(same).toEqual({ ...candidate, sets: undefined });
        const [{ meanError, ...counts }] = sets;
        const [{ meanError: single, ...counted }] = candidate.sets;
        expect(counts).toEqual(counted);
        expect(meanError).toBeCloseTo(single, 12);
      }
    }
  });

  it("lets limits decide, and says why a model has no result while the others have theirs", () => {
    const folder = inFolder("limits");
    const limited = search(
      folder,
      { models: 3, crops: 2 },
      { limits: { arenaBytes: 4000, boardMs: { rp2040: 1e-3 } } },
    );
    writeFileSync(join(folder, "runs/001/model.safetensors"), "not a model");
    const { boards, failures, done, tasks } = json(["sweep", limited]);
    expect(done).toBe(tasks);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ tasks: 12 });
    expect(failures[0].message).toMatch(/runs\/001\/model\.safetensors|not a/);
    const [h7, , , pico] = boards;
    expect(h7.fitting).toBe(24);
    expect(h7.withinLimits).toBeLessThan(24);
    expect(h7.front.every(({ arenaBytes }: { arenaBytes: number }) => arenaBytes <= 4000)).toBe(
      true,
    );
    expect(pico.withinLimits).toBe(0);
    expect(output(["sweep", limited])).toContain(
      "FAILED\n   12 tasks (runs/001/model.safetensors, f32, tile 1, ...)",
    );
  });

  it("finds what goes with each model beside it, or by its name", () => {
    const folder = inFolder("beside");
    const model = { model: "runs/*/model.safetensors", labels: "{folder}/{name}.labels.json" };
    const path = search(
      folder,
      { models: 2, crops: 1 },
      { models: [{ ...model, frontend: "{name}.json" }] },
    );
    writeFileSync(join(folder, "model.json"), readFileSync(join(folder, "frontend.json")));
    for (const run of ["000", "001"]) {
      const labels = readFileSync(join(folder, "labels.json"));
      writeFileSync(join(folder, `runs/${run}/model.labels.json`), labels);
    }
    expect(mambalite(["sweep", path, "--dry-run"]).stdout).toContain(
      "2 models, 24 tasks in 2 jobs",
    );
    rmSync(join(folder, "runs/001/model.labels.json"));
    expect(failure(["sweep", path, "--dry-run"])).toContain(
      "runs/001/model.labels.json: no such file",
    );
  });

  it("knows the parts of array jobs", () => {
    const slurm = {
      ...{ SLURM_ARRAY_TASK_ID: "14", SLURM_ARRAY_TASK_MIN: "10" },
      ...{ SLURM_ARRAY_TASK_STEP: "2", SLURM_ARRAY_TASK_COUNT: "4" },
    };
    expect(partOf("auto", slurm)).toEqual({ index: 3, count: 4 });
    expect(partOf("auto/8", { JOB_COMPLETION_INDEX: "0" })).toEqual({ index: 1, count: 8 });
    expect(partOf("2/3", {})).toEqual({ index: 2, count: 3 });
    for (const wrong of ["0/3", "4/3", "1", "x", "auto", "1/0"]) {
      expect(() => partOf(wrong, {}), wrong).toThrow(/--shard: expected i\/n/);
    }
    expect(() => partOf("auto", { JOB_COMPLETION_INDEX: "2" })).toThrow(/not how many/);
  });
});

describe("what is wrong with a sweep", () => {
  it("is named in its file", () => {
    const folder = inFolder("search");
    const wrong = (more: object) => failure(["sweep", writePlan(folder, "wrong.json", more)]);
    expect(wrong({ sweep: 2 })).toContain('expected "sweep": 1');
    expect(wrong({ extra: 1 })).toContain('"extra"');
    expect(wrong({ models: ["nowhere/*.pt"] })).toContain("no file is nowhere/*.pt");
    expect(wrong({ models: ["nowhere.pt"] })).toContain("no such file");
    expect(wrong({ variants: { type: ["int"] } })).toContain('expected "calibration"');
    expect(wrong({ variants: { type: ["f16"] } })).toContain("one of f32, w8, int");
    expect(wrong({ boards: ["esp8266"] })).toContain("one of esp32s3");
    expect(wrong({ data: { inputs: "none.npy" } })).toContain("no such file");
    expect(wrong({ data: {} })).toContain('either "inputs" or "dataset"');
    expect(wrong({ limits: { accuracy: 90 } })).toContain('"accuracy" from 0 to 1');
    expect(wrong({ limits: { boardMs: { esp32s3: 1 } } })).toContain("only stm32h743");
  });

  it("is named before any work where its page has no place", () => {
    const results = inFolder("no-page.jsonl");
    const report = inFolder("nowhere/page.html");
    const message = failure(["sweep", plan, "-o", results, "--report", report]);
    expect(message).toContain(`${report}: no such file or directory`);
    expect(existsSync(results)).toBe(false);
    expect(failure(["sweep", plan, "-o", results, "--report", plan])).toContain("made from");
    expect(existsSync(results)).toBe(false);
  });

  it("is named when the disk is full, and what was found before is kept", () => {
    const full = inFolder("full.jsonl");
    const sweep = [process.execPath, launcher, "sweep", plan, "-o", full, "--no-report"];
    // In units of a kilobyte: no file may grow beyond them.
    const { stderr, status } = spawnSync("bash", ["-c", `ulimit -f 20; ${sweep.join(" ")}`], {
      encoding: "utf8",
    });
    expect(stderr).toMatch(/^mambalite: \S+full\.jsonl: (EFBIG: file too large|no space left)/);
    expect(status).toBe(1);
    const kept = readFileSync(full, "utf8");
    expect(kept).toMatch(/^(\{"key".*\}\n)+$/);
    output(["sweep", plan, "-o", full]);
    expect(readFileSync(full, "utf8").startsWith(kept)).toBe(true);
    expect(sortedLines(full)).toEqual(sortedLines(all));
  });

  it("is a clip that is damaged, by its name: mended, only its stretch is done again", () => {
    const clips = inFolder("clips");
    for (const word of ["yes", "stop", "on"]) {
      mkdirSync(join(clips, word), { recursive: true });
      for (const take of [1, 2]) {
        writeFileSync(
          join(clips, word, `${take}.wav`),
          readFileSync(bundled("kws", `${word}.wav`)),
        );
      }
    }
    // Of two stretches: on, on, stop; stop, yes, yes.
    const damaged = join(clips, "stop/2.wav");
    const whole = readFileSync(damaged);
    writeFileSync(damaged, whole.subarray(0, 1000));
    const path = inFolder("clips.json");
    const clipPlan = { sweep: 1, models: ["kws"], data: { dataset: "clips" }, boards: ["esp32s3"] };
    writeFileSync(path, JSON.stringify({ ...clipPlan, itemsATask: 3 }));
    const results = inFolder("clips.jsonl");
    const { tasks, failures, boards } = json(["sweep", path, "-o", results]);
    expect(tasks).toBe(2);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ tasks: 1 });
    expect(failures[0].message).toMatch(/^clips\/stop\/2\.wav: /);
    expect(boards[0].front).toEqual([]);
    writeFileSync(damaged, whole);
    const [{ best }] = json(["sweep", path, "-o", results]).boards;
    expect(best.sets[0]).toMatchObject({ items: 6, correct: 6, disagreements: 0 });
    expect(sortedLines(results)).toHaveLength(3);
  });

  it("is not how many tasks it has: 100,000 are planned in seconds, and in little memory", () => {
    const many = {
      itemsATask: 3,
      variants: { type: ["f32", "w8"], tile: [1, 2, 3, 4, 5, 6, 7, 8] },
    };
    const path = search(inFolder("many"), { models: 420, crops: 20 }, many);
    const script = `
      const { main } = await import(${JSON.stringify(main)});
      await main(["sweep", ${JSON.stringify(path)}, "--dry-run"]);
      const { maxRSS, userCPUTime } = process.resourceUsage();
      console.log(JSON.stringify({ bytes: 1024 * maxRSS, seconds: userCPUTime / 1e6 }));`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    const [said = "", measured = ""] = stdout.trim().split("\n");
    expect(said).toMatch(/ 100,800 tasks in 6,300 jobs, 100,800 of them to do/);
    const { bytes, seconds } = JSON.parse(measured);
    expect(bytes).toBeLessThan(500e6);
    expect(seconds).toBeLessThan(10);
  });

  it("is named in its results", () => {
    const wrong = inFolder("search/wrong.jsonl");
    const [first = "", second = ""] = sortedLines(all);
    writeFileSync(wrong, `${first}\nnothing\n`);
    expect(failure(["sweep", plan, "-o", wrong])).toContain("line 2 is no result of a sweep");
    writeFileSync(wrong, `${first}\n${second}\n${first.replace('"items":18', '"items":17')}\n`);
    expect(failure(["sweep", plan, "-o", wrong])).toMatch(
      /lines 1 and 3 are different results of the task/,
    );
    expect(failure(["sweep", "merge", all, wrong, "-o", inFolder("no.jsonl")])).toContain(
      "different results",
    );
    writeFileSync(wrong, `${first}\n${first}\n`);
    output(["sweep", plan, "-o", wrong]);
    expect(new Set(sortedLines(wrong))).toEqual(new Set(sortedLines(all)));
    appendFileSync(wrong, `${first.replace('"items":18', '"items":17')}\n`);
    expect(failure(["sweep", "merge", all, wrong, "-o", inFolder("no.jsonl")])).toContain(wrong);
    rmSync(wrong);
  });
});
