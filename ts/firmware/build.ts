/**
 * Writes a project's files and builds it with CMake, for Node; tells what the image is made of. Knows
 * nothing of models.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { BuildFailed, DoesNotFit } from "./errors.js";
import { outputOf, run } from "./process.js";
import type { Files } from "./project.js";

/** Writes what is not there yet or differs, so that a second build compiles only what changed. */
export function writeFiles(folder: string, files: Files): void {
  for (const [name, content] of files) {
    const path = join(folder, name);
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    if (currentContent(path)?.equals(bytes)) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}

function currentContent(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
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
  const output = join(folder, "build");
  const variables = Object.entries({ CMAKE_EXPORT_COMPILE_COMMANDS: "ON", ...settings });
  const generator = outputOf("ninja", ["--version"]) === undefined ? [] : ["-G", "Ninja"];
  const log = await cmake(target, [
    ...["-S", folder, "-B", output, ...generator],
    ...variables.map(([name, value]) => `-D${name}=${value}`),
  ]);
  const jobs = String(availableParallelism());
  return log + (await cmake(target, ["--build", output, "--parallel", jobs]));
}

async function cmake(target: string, args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run("cmake", args);
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
