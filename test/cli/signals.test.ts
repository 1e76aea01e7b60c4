/**
 * Commands that are interrupted at random moments: nothing of theirs is left behind, in files or in
 * processes, and nothing of others is touched. MAMBALITE_SIGNAL_MOMENTS says how many moments a signal.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { writeNpy, writeSafetensors } from "../../ts/checkpoint/index.js";
import { missingTools } from "../../ts/firmware/node.js";
import { uniformNumbers } from "../unit/core/networks.js";
import { har, harInput, root, temporaryFolder } from "./support.js";

const MOMENTS = Number(process.env.MAMBALITE_SIGNAL_MOMENTS ?? 3);
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const TIMEOUT_MS = 60_000 * Math.max(1, MOMENTS);
const LAUNCHER = join(root, "scripts/mambalite.mjs");
const OLDER = "an older file";
const BYSTANDER = "somebody else's";

const temporary = temporaryFolder();

beforeAll(() => {
  writeFileSync(temporary("large.safetensors"), writeSafetensors(largeCheckpoint()));
  writeFileSync(temporary("labels.npy"), writeNpy(new Int32Array(1), [1]));
  const { data, shape } = { data: new Float32Array(4000 * 9), shape: [1, 4000, 9] };
  writeFileSync(temporary("inputs.npy"), writeNpy(data, shape));
});

/** The paper's naming, wide enough for writing it to take a while. */
function largeCheckpoint() {
  const [width, inner, states, rank] = [512, 1024, 16, 32];
  const shapes: Record<string, number[]> = {
    "linear_in.weight": [width, 8],
    "mamba.in_proj.weight": [2 * inner, width],
    "mamba.conv1d.weight": [inner, 1, 4],
    "mamba.conv1d.bias": [inner],
    "mamba.x_proj.weight": [rank + 2 * states, inner],
    "mamba.dt_proj.weight": [inner, rank],
    "mamba.dt_proj.bias": [inner],
    "mamba.A_log": [inner, states],
    "mamba.D": [inner],
    "mamba.out_proj.weight": [width, inner],
    "classifier.weight": [4, width],
    "classifier.bias": [4],
  };
  const uniform = uniformNumbers(1);
  return Object.entries(shapes).map(([name, shape]) => {
    const elements = shape.reduce((product, size) => product * size, 1);
    return { name, shape, data: Float32Array.from({ length: elements }, () => 0.01 * uniform()) };
  });
}

interface Interrupted {
  /** As a shell reports it. */
  readonly status: number;
  readonly stderr: string;
}

async function until(isSo: () => boolean, child: ChildProcess): Promise<void> {
  while (!isSo() && child.exitCode === null) await sleep(1);
}

/** Where a command works, with files of somebody else in it. */
class Place {
  readonly work: string;
  readonly scratch: string;
  readonly #marker = `MAMBALITE_TEST_${Math.random().toString(36).slice(2)}=1`;

  constructor(name: string) {
    this.work = temporary(`${name}-work`);
    this.scratch = temporary(`${name}-tmp`);
    for (const folder of [this.work, this.scratch]) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(join(folder, ".mambalite-folder"), { recursive: true });
      writeFileSync(join(folder, ".mambalite-0123.tmp"), BYSTANDER);
    }
    writeFileSync(join(this.work, "out.mlm"), OLDER);
  }

  /** @param when to send the signal: after so many milliseconds, or as soon as something is so */
  async run(
    args: readonly string[],
    signal?: NodeJS.Signals,
    when: number | (() => boolean) = 0,
  ): Promise<Interrupted> {
    const [name = "", value = ""] = this.#marker.split("=");
    const child = spawn(process.execPath, [LAUNCHER, ...args], {
      cwd: this.work,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, TMPDIR: this.scratch, [name]: value, NO_COLOR: "1" },
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    const ended = once(child, "close");
    if (signal !== undefined) {
      const moment = typeof when === "number" ? sleep(when) : until(when, child);
      await Promise.race([moment, ended]);
      child.kill(signal);
    }
    const [status, by] = (await ended) as [number | null, NodeJS.Signals | null];
    return { status: by === null ? (status ?? -1) : 128 + constants.signals[by], stderr };
  }

  /** Names in both folders that were not there before. */
  left(): string[] {
    const known = [".mambalite-0123.tmp", ".mambalite-folder", "out.mlm"];
    return [this.work, this.scratch].flatMap((folder) =>
      readdirSync(folder).filter((name) => !known.includes(name)),
    );
  }

  bystanders(): string[] {
    return [this.work, this.scratch].map((folder) => {
      expect(statSync(join(folder, ".mambalite-folder")).isDirectory()).toBe(true);
      return readFileSync(join(folder, ".mambalite-0123.tmp"), "utf8");
    });
  }

  /** Processes of ours that live on; a killed one may take a moment to go. */
  async survivors(): Promise<string[]> {
    const TRIES = 100;
    for (let i = 1; ; i++) {
      const found = readdirSync("/proc").filter((pid) => this.#isOurs(pid));
      if (found.length === 0 || i === TRIES) return found;
      await sleep(20);
    }
  }

  #isOurs(pid: string): boolean {
    if (!/^[0-9]+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(this.#marker);
    } catch {
      return false; // it has just ended, or is another user's
    }
  }
}

const noArm = missingTools("cortex-m7").length > 0;

const COMMANDS: readonly (readonly [name: string, args: () => string[], isSkipped: boolean])[] = [
  ["convert", () => ["convert", temporary("large.safetensors"), "-o", "out.mlm"], false],
  [
    "export",
    () => ["export", temporary("large.safetensors"), "--target", "generic", "-o", "project"],
    false,
  ],
  [
    "eval",
    () => [
      ...["eval", har, "--jobs", "2"],
      ...["--inputs", temporary("inputs.npy"), "--labels", temporary("labels.npy")],
    ],
    false,
  ],
  ["verify", () => ["verify", har, "--target", "cortex-m7", "--input", harInput], noArm],
];

describe.skipIf(process.platform === "win32")("an interrupt", { timeout: TIMEOUT_MS }, () => {
  for (const [name, args, isSkipped] of COMMANDS) {
    test.skipIf(isSkipped)(`of ${name} leaves nothing behind`, async () => {
      const place = new Place(name);
      const began = performance.now();
      const undisturbed = await place.run(args());
      const wholeMs = performance.now() - began;
      expect(undisturbed).toEqual({ status: 0, stderr: "" });
      const newer = readFileSync(join(place.work, "out.mlm"));
      const project = name === "export" ? filesBelow(join(place.work, "project")) : [];

      const uniform = uniformNumbers(name.length);
      let interrupts = 0;
      for (const signal of SIGNALS) {
        for (let moment = 0; moment < MOMENTS; moment++) {
          const afterMs = uniform() * wholeMs;
          const at = `${name}, ${signal} after ${afterMs.toFixed(0)} of ${wholeMs.toFixed(0)} ms`;
          const fresh = new Place(name);
          const { status, stderr } = await fresh.run(args(), signal, afterMs);
          const expected = [0, 128 + constants.signals[signal]];
          expect(expected, `${at}: ${stderr}`).toContain(status);
          if (status !== 0) interrupts++;
          const left = fresh.left();
          if (left.includes("project")) {
            expect(filesBelow(join(fresh.work, "project")), at).toEqual(project);
          }
          expect(
            left.filter((file) => file !== "project" || name !== "export"),
            at,
          ).toEqual([]);
          const out = readFileSync(join(fresh.work, "out.mlm"));
          expect(out.equals(Buffer.from(OLDER)) || out.equals(newer), at).toBe(true);
          expect(fresh.bystanders(), at).toEqual([BYSTANDER, BYSTANDER]);
          expect(await fresh.survivors(), at).toEqual([]);
        }
      }
      expect(interrupts).toBeGreaterThan(0);
    });
  }

  for (const name of ["convert", "export"]) {
    test(`in the middle of what ${name} writes leaves nothing behind`, async () => {
      const [, args] = COMMANDS.find(([command]) => command === name)!;
      for (const signal of [...SIGNALS, "SIGHUP"] as const) {
        const place = new Place(name);
        const { status } = await place.run(args(), signal, () => place.left().length > 0);
        expect(status, signal).toBe(128 + constants.signals[signal]);
        expect(place.left(), signal).toEqual([]);
        expect(readFileSync(join(place.work, "out.mlm"), "utf8")).toBe(OLDER);
        expect(place.bystanders()).toEqual([BYSTANDER, BYSTANDER]);
      }
    });
  }

  test("of the only process there is touches no file that has its number in the name", async () => {
    const place = new Place("pid");
    const script = `
      import { writeFileSync } from "node:fs";
      writeFileSync(\`.out.mlm.\${process.pid}.tmp\`, ${JSON.stringify(BYSTANDER)});
      const { main } = await import(${JSON.stringify(pathToFileURL(join(root, "dist/cli/main.js")))});
      await main(["convert", ${JSON.stringify(temporary("large.safetensors"))}, "-o", "out.mlm"]);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: place.work,
      stdio: "ignore",
    });
    const [status] = await once(child, "close");
    expect(status).toBe(0);
    const name = `.out.mlm.${child.pid}.tmp`;
    expect(place.left()).toEqual([name]);
    expect(readFileSync(join(place.work, name), "utf8")).toBe(BYSTANDER);
    expect(readFileSync(join(place.work, "out.mlm"), "utf8")).not.toBe(OLDER);
  });
});

/** Paths with sizes. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path.slice(folder.length)} ${statSync(path).size}`)
    .sort();
}
