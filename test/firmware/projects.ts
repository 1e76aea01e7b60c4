/** Exported projects for tests: made, edited as a user would, written, built and run. */

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect } from "vitest";
import { framesIn } from "../../ts/core/input.js";
import { BOARDS, type WeightsChoice } from "../../ts/device/index.js";
import { type Content, wholeBytes } from "../../ts/firmware/content.js";
import {
  boundedBy,
  type EmulatedTarget,
  type ExportTarget,
  exportProject,
  type Files,
} from "../../ts/firmware/index.js";
import { buildProject, EMULATORS, readSources, writeFiles } from "../../ts/firmware/node.js";
import { Engine, type InputArray, type SessionOptions } from "../../ts/node.js";
import { buildFolder, type Case, keywordSpotter } from "./support.js";

const TIMEOUT_MS = 300_000;
/** Of a program whose outputs are the simulation's. */
export const LAST_LINE = "bits equal to the simulation's";

export let spotter: Case;
let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load({ simd: "off" });
  spotter = await keywordSpotter(1);
});

export interface ProjectOptions {
  readonly execution?: SessionOptions;
  /** What the project carries; the outputs are those of `model`. */
  readonly blob?: Uint8Array;
  /** What the example's outputs are computed with; default: the keyword spotter. */
  readonly model?: Uint8Array;
  readonly input?: InputArray;
  readonly weights?: WeightsChoice;
}

/** A project for the keyword spotter, or for another model. */
export async function project(
  target: ExportTarget | EmulatedTarget,
  { execution = {}, model = spotter.blob, blob = model, input, weights }: ProjectOptions = {},
  boardId?: string,
): Promise<Files> {
  const opened = await engine.loadModel(model);
  const sequence = input ?? spotter.inputs[0]!;
  const bounded = (options: SessionOptions) =>
    boundedBy(opened.info, options, framesIn(opened.info, sequence.length));
  const session = opened.createSession(bounded({}));
  try {
    const board = BOARDS.find(({ id }) => id === boardId);
    return exportProject(target, {
      sources: readSources(),
      model: {
        ...{ blob, info: opened.info, ops: opened.ops, tensors: opened.tensors },
        labels: opened.labels,
        ...{ plan: opened.plan(bounded(execution)), version: engine.version },
      },
      example: { input: sequence, outputs: session.run(sequence, { allowNonfinite: true }) },
      ...(board && { board }),
      ...(weights && { weights }),
    });
  } finally {
    opened.dispose();
  }
}

export function write(name: string, files: Files): string {
  const folder = buildFolder(`export-${name}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFiles(folder, files);
  return folder;
}

/** The files with `pattern` of one of them replaced. */
export function edited(
  files: Files,
  path: string,
  pattern: string,
  replacement: string,
): Map<string, Content> {
  const text = textOf(files, path);
  expect(text).toContain(pattern);
  return new Map(files).set(
    path,
    text.replace(pattern, () => replacement),
  );
}

export function textOf(files: Files, path: string): string {
  const content = files.get(path);
  expect(content, path).toBeDefined();
  return new TextDecoder().decode(wholeBytes(content as Content));
}

export function runImage(folder: string, target: EmulatedTarget = "cortex-m7") {
  const { command, args } = EMULATORS[target];
  const image = join(folder, "build/firmware.elf");
  return spawnSync(command, [...args, "-kernel", image], {
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
}

/** Builds a project for an emulated machine in a folder of its own and runs it. */
export async function buildAndRun(
  name: string,
  files: Files,
  target: EmulatedTarget = "cortex-m7",
  settings: Readonly<Record<string, string>> = {},
) {
  const folder = write(name, files);
  await buildProject(folder, target, settings);
  return { folder, ...runImage(folder, target) };
}

/** The shell commands of a README that build something, block by block. */
export function readmeCommands(folder: string): string[] {
  const text = readFileSync(join(folder, "README.md"), "utf8");
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .map(([, commands = ""]) => commands)
    .filter((commands) => commands.startsWith("cmake"));
}

function shell(folder: string, commands: string) {
  const { status, stdout, stderr } = spawnSync("bash", ["-euc", commands], {
    cwd: folder,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    stdio: ["ignore", "pipe", "pipe"], // on a socket bash takes itself for a remote shell
  });
  return { status, output: stdout + stderr };
}

/** Runs commands that must succeed without a warning. */
export function cleanly(folder: string, commands: string): string {
  const { status, output } = shell(folder, commands);
  expect(output).not.toMatch(/warning/i);
  expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
  return output;
}
