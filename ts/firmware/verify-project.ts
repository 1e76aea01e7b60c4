/**
 * Verifies a project as it lies in a folder, edited or not: its own core, model and flags with the harness for a
 * program, in an emulator, for Node. Its application is not run: it may never end.
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { Engine } from "../core/engine.js";
import { BadArgument, BadFile } from "../core/errors.js";
import { type InputArray, inputLength } from "../core/input.js";
import type { Schedule, SessionOptions } from "../core/plan.js";
import { sessionOptions } from "../core/settings.js";
import { asFileProblem, inFile } from "../host/file-problem.js";
import { defaultFrames, exampleInput } from "../profile/index.js";
import { EMULATORS } from "./emulators.js";
import { fileSum, MANIFEST, type Manifest, readManifest } from "./manifest.js";
import type { Files } from "./project.js";
import { EMULATED_TARGETS, type EmulatedTarget } from "./targets.js";
import { type Verification, verify } from "./verify.js";

export interface VerifyProjectOptions {
  /** Sequences of one length for the model; default: one, generated. */
  readonly inputs?: readonly InputArray[];
  readonly timeoutMs?: number;
}

export interface ProjectVerification {
  readonly manifest: Manifest;
  /** Files that are not what was exported, and those that are no longer there. */
  readonly edited: readonly string[];
  readonly verification: Verification;
}

/** @throws BadFile (no project), BadArgument (no emulator for it), and all that `verify` throws */
export async function verifyProject(
  folder: string,
  { inputs, timeoutMs }: VerifyProjectOptions = {},
): Promise<ProjectVerification> {
  const manifest = await inFile(folder, () => manifestIn(folder));
  const files = readFolder(folder);
  const { target, settings } = emulationOf(manifest.target);
  const blob = blobIn(files.get("src/model_blob.c") ?? "");
  const [variant] = EMULATORS[target].variants;
  const verification = await verify(blob, {
    target,
    inputs: inputs ?? [await generated(blob)],
    execution: executionIn(files.get("src/model_plan.h") ?? ""),
    variants: [variant!.name],
    adapt: (harness) => withHarness(files, harness),
    settings,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  return { manifest, edited: editedFiles(manifest, files), verification };
}

/** Looked for first: a folder without it may be any, and as large. */
function manifestIn(folder: string): Manifest {
  try {
    if (readdirSync(folder).includes(MANIFEST)) {
      return readManifest(readFileSync(join(folder, MANIFEST), "utf8"));
    }
  } catch (error) {
    throw asFileProblem(folder, error);
  }
  throw new BadFile("project", `it has no ${MANIFEST}, as \`mambalite export\` writes it`);
}

/** Of builds and of version control. */
const NOT_OURS = /^(build[^/]*|\.[^/]+)$/;

function readFolder(folder: string): Map<string, string> {
  try {
    const tops = readdirSync(folder).filter((name) => !NOT_OURS.test(name));
    const paths = tops.flatMap((name) => {
      const path = join(folder, name);
      if (!statSync(path).isDirectory()) return [path];
      return readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
    });
    return new Map(
      paths.map((path) => [
        relative(folder, path).replaceAll(sep, "/"),
        readFileSync(path, "utf8"),
      ]),
    );
  } catch (error) {
    throw asFileProblem(folder, error);
  }
}

function emulationOf(target: string): {
  target: EmulatedTarget;
  settings: Readonly<Record<string, string>>;
} {
  const emulated = EMULATED_TARGETS.find((name) => name === target);
  if (emulated !== undefined) return { target: emulated, settings: {} };
  if (target === "stm32h7") {
    return { target: "cortex-m7", settings: { MAMBALITE_MACHINE: "emulator" } };
  }
  const possible = ["stm32h7", ...EMULATED_TARGETS].join(", ");
  throw new BadArgument("--project", `a project for one of ${possible}`, `one for ${target}`);
}

const BYTES_A_WORD = 4;

/** The words of the array, which are the blob. */
function blobIn(text: string): Uint8Array {
  const [, words] = /\bmodel_blob\[\d+\] = \{([^}]*)\}/.exec(text) ?? [];
  if (words === undefined) throw new BadFile("project", "its src/model_blob.c has no model_blob");
  const numbers = (words.match(/0x[0-9a-f]{8}/g) ?? []).map(Number);
  const blob = new DataView(new ArrayBuffer(numbers.length * BYTES_A_WORD));
  numbers.forEach((word, i) => {
    blob.setUint32(i * BYTES_A_WORD, word, true);
  });
  return new Uint8Array(blob.buffer);
}

function executionIn(text: string): SessionOptions {
  const value = (name: string) => new RegExp(`^#define ${name} (\\w+?)u?$`, "m").exec(text)?.[1];
  const schedule = value("MODEL_SCHEDULE")?.replace("MLM_SCHEDULE_", "").toLowerCase();
  const [tile, maxFrames] = ["MODEL_TILE", "MODEL_MAX_FRAMES"].map((name) => Number(value(name)));
  if (schedule === undefined || Number.isNaN(tile) || Number.isNaN(maxFrames)) {
    throw new BadFile("project", "its src/model_plan.h has no plan");
  }
  const settings = { schedule: schedule as Schedule, ...(tile ? { tile } : {}) };
  return sessionOptions(settings, maxFrames === 0 ? undefined : maxFrames);
}

async function generated(blob: Uint8Array): Promise<InputArray> {
  const engine = await Engine.load();
  try {
    const { info } = await engine.loadModel(blob);
    const frames = defaultFrames(info);
    const input = exampleInput(info, frames);
    return input.slice(0, inputLength(info, frames));
  } finally {
    engine.dispose();
  }
}

/** The application, its sensor and its example. */
const PROGRAM = /^port\/(app[^/]*\.c|example\.[ch]|report\.[ch]|sensor[^/]*\.[ch])$/;
const HARNESS = /^port\/(harness\.c|inputs\.(h|S|bin))$/;

function withHarness(files: ReadonlyMap<string, string>, harness: Files): Files {
  return new Map([
    ...[...files].filter(([path]) => !PROGRAM.test(path)),
    ...[...harness].filter(([path]) => HARNESS.test(path)),
  ]);
}

function editedFiles({ files: sums }: Manifest, files: ReadonlyMap<string, string>): string[] {
  return Object.entries(sums)
    .filter(([path, sum]) => {
      const text = files.get(path);
      return text === undefined || fileSum(text) !== sum;
    })
    .map(([path]) => path);
}
