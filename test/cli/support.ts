/** Starts the real command line in a process of its own, in a folder of its own. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect } from "vitest";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const demo = join(root, "ts/models/demo.mlm");
export const demoCheckpoint = join(root, "ts/models/demo.safetensors");
export const demoInput = join(root, "ts/models/demo.input.npy");
const launcher = join(root, "scripts/mambalite.mjs");

export function golden(name: string): string {
  return join(root, "test/golden", name);
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function mambalite(args: readonly string[], cwd = root): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
  });
  return { code: status, stdout, stderr };
}

/** Standard output of a command that succeeds and says nothing on standard error. */
export function output(args: readonly string[], cwd = root): string {
  const { code, stdout, stderr } = mambalite(args, cwd);
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
  const { code, stdout, stderr } = mambalite(args, cwd);
  expect(stdout).toBe("");
  expect(code).toBeGreaterThan(0);
  expect(stderr).toMatch(/^mambalite: [^\n]+\n$/);
  expect(stderr).not.toMatch(/unexpected error/);
  return stderr.trimEnd();
}

/** A new empty folder for the tests of a file. */
export function temporaryFolder(): (name: string) => string {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mambalite-test-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return (name) => join(folder, name);
}
