/** Runs the real command line, in a process or a thread, in a folder of its own. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect } from "vitest";
import { inThread, type Outcome } from "./command-thread.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));
/** The bundled models: frames of 9 channels to 6 labels, and samples at 16 kHz to 8. */
export const har = bundled("har", "model.mlm");
export const harInput = bundled("har", "walking.npy");
/** What `har` was made of: a MODEL and its options. */
export const harCheckpoint = checkpoint("har");
export const kws = bundled("kws", "model.mlm");
export const kwsInput = bundled("kws", "yes.wav");
export const kwsCheckpoint = checkpoint("kws");
/** The sizes of the paper's keyword spotter, random weights: 100 frames of 40 to 10 logits. */
export const spotter = golden("paper_d64_t100/model.safetensors");
export const spotterInput = golden("paper_d64_t100/input.npy");
const launcher = join(root, "scripts/mambalite.mjs");

export function bundled(model: string, file: string): string {
  return join(root, "ts/models", model, file);
}

function checkpoint(model: string): [string, ...string[]] {
  return [
    bundled(model, "model.safetensors"),
    "--frontend",
    bundled(model, "frontend.json"),
    "--labels",
    bundled(model, "labels.json"),
  ];
}

export function golden(name: string): string {
  return join(root, "test/golden", name);
}

/** Without colours. */
function environment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, ...others } = process.env;
  return { ...others, NO_COLOR: "1" };
}

/** In a process of its own, as a person starts it. */
export function mambalite(args: readonly string[], cwd = root): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: environment(),
  });
  return { code: status, stdout, stderr };
}

/** As `mambalite`, in a thread, which has the folder of this process. */
function outcomeOf(args: readonly string[], cwd: string): Outcome {
  const isHere = resolve(cwd) === process.cwd();
  return isHere ? inThread(args, environment()) : mambalite(args, cwd);
}

/** Standard output of a command that succeeds and says nothing on standard error. */
export function output(args: readonly string[], cwd = root): string {
  const { code, stdout, stderr } = outcomeOf(args, cwd);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
}

// biome-ignore lint/suspicious/noExplicitAny: what a command prints is what the test is about
export function json(args: readonly string[], cwd = root): any {
  return JSON.parse(output([...args, "--json"], cwd));
}

/** The one line of a command that fails as it should. */
export function failure(args: readonly string[], cwd = root): string {
  const { code, stdout, stderr } = outcomeOf(args, cwd);
  expect(stdout).toBe("");
  expect(code).toBeGreaterThan(0);
  expect(stderr).toMatch(/^mambalite: [^\n]+\n$/);
  expect(stderr).not.toMatch(/unexpected error/);
  return stderr.trimEnd();
}

/** A new empty folder for the tests of a file; paths in it may be asked for before it is there. */
export function temporaryFolder(): (name: string) => string {
  const folder = join(tmpdir(), `mambalite-test-${randomUUID()}`);
  beforeAll(() => {
    mkdirSync(folder);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return (name) => join(folder, name);
}
