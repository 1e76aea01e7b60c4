/**
 * Writes a project's files and builds it with CMake, for Node; tells what the image is made of. Knows
 * nothing of models.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { asFileProblem } from "../host/file-problem.js";
import { TemporaryPlace } from "../host/temporary.js";
import { bytePieces, type Content } from "./content.js";
import { BuildFailed, DoesNotFit } from "./errors.js";
import { answerOf, outputOf, run } from "./process.js";
import type { Files } from "./project.js";

/**
 * Writes what is not there yet or differs, so that a second build compiles only what changed.
 * @throws FileProblem
 */
export function writeFiles(folder: string, files: Files): void {
  for (const [name, content] of files) {
    const path = join(folder, name);
    try {
      if (isThere(path, content)) continue;
      mkdirSync(dirname(path), { recursive: true });
      writePieces(path, content);
    } catch (error) {
      throw asFileProblem(path, error);
    }
  }
}

/** Whether the file has these bytes already. */
function isThere(path: string, content: Content): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
  const file = openSync(path, "r");
  try {
    for (const piece of bytePieces(content)) {
      const there = Buffer.alloc(piece.length);
      if (readSync(file, there) !== piece.length || !there.equals(piece)) return false;
    }
    return readSync(file, Buffer.alloc(1)) === 0;
  } finally {
    closeSync(file);
  }
}

function writePieces(path: string, content: Content): void {
  const file = openSync(path, "w");
  try {
    for (const piece of bytePieces(content)) writeFileSync(file, piece);
  } finally {
    closeSync(file);
  }
}

/**
 * Builds the project in `folder` into `folder/build`.
 * @param settings variables for CMake
 * @returns everything the build printed
 * @throws BuildFailed; DoesNotFit when a memory of the linker script is too small
 */
export async function buildProject(
  folder: string,
  target: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const scratch = TemporaryPlace.scratch();
  try {
    return await buildWith(scratch.path, folder, target, settings);
  } finally {
    scratch.remove();
  }
}

/** @param scratch where compilers have their own temporary files: ended in mid-work they leave them */
async function buildWith(
  scratch: string,
  folder: string,
  target: string,
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const output = join(folder, "build");
  const run = (args: readonly string[]) => cmake(target, args, scratch);
  const variables = Object.entries({ ...SETTINGS, ...settings });
  const generator = answerOf("ninja", ["--version"]) === undefined ? [] : ["-G", "Ninja"];
  const log = await run([
    ...["-S", folder, "-B", output, ...generator],
    ...variables.map(([name, value]) => `-D${name}=${value}`),
  ]);
  const jobs = String(availableParallelism());
  return log + (await run(["--build", output, "--parallel", jobs]));
}

/** Of every build here, for CMake. */
const SETTINGS = {
  CMAKE_EXPORT_COMPILE_COMMANDS: "ON",
  /** ranlib: GNU's ar has written the index. */
  CMAKE_C_ARCHIVE_FINISH: "",
};

async function cmake(target: string, args: readonly string[], scratch: string): Promise<string> {
  const { status, stdout, stderr } = await run("cmake", args, { environment: { TMPDIR: scratch } });
  const log = stdout + stderr;
  if (status === 0) return log;
  const overflow = /region [`'](\w+)' overflowed by (\d+) bytes/.exec(log);
  if (overflow !== null) {
    const [, region, bytes] = overflow;
    throw new DoesNotFit(target, `${region} is too small by ${bytes} bytes`);
  }
  const lines = log.split("\n");
  const reason = lines.find((line) => /\berror\b|Error|undefined reference/.test(line));
  throw new BuildFailed(target, (reason ?? lines.at(-2) ?? "").trim(), log);
}

/** Bytes of the sections of an image, as `size -A` lists them. */
export type Sections = ReadonlyMap<string, number>;

export function readSections(sizeCommand: string, image: string): Sections {
  const text = outputOf(sizeCommand, ["-A", "-d", image]) ?? "";
  return new Map(
    [...text.matchAll(/^(\.\S+)\s+(\d+)\s+\d+$/gm)].map(([, name = "", bytes]) => [
      name,
      Number(bytes),
    ]),
  );
}

/** The flags that the core was compiled with, without paths. */
export function readFlags(folder: string): string {
  interface Entry {
    readonly file: string;
    readonly command: string;
  }
  const text = readFileSync(join(folder, "build/compile_commands.json"), "utf8");
  const entry = (JSON.parse(text) as Entry[]).find(({ file }) => file.endsWith("/session.c"));
  return (entry?.command ?? "")
    .replace(/ -o \S+| -c \S+| -I\S+| -isystem \S+|=\/\S+\/(?=\S)/g, (match) =>
      match.startsWith("=") ? "=" : "",
    )
    .split(" ")
    .slice(1)
    .filter((flag) => flag !== "")
    .join(" ");
}
