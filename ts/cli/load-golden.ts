/**
 * The files that `--golden` names: a folder with everything, or the files themselves. Knows nothing of what is in them
 * or of what is compared.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BadArgument } from "../core/errors.js";
import type { OutputInfo } from "../core/info.js";
import type { Model } from "../core/model.js";
import { baseName, type FileEntry } from "../open/files.js";
import { findReference, type ReferenceFiles } from "../open/reference.js";
import { isNamedOutput, outputFiles } from "../open/reference-names.js";
import { isDirectory, listDirectory, readBytes, requireRegularFile } from "./files.js";

type Outputs = readonly Pick<OutputInfo, "name">[];
type Described = Pick<Model, "info" | "metadata">;

const ARGUMENT = "--golden";
const TRACE_ARCHIVE = "trace.npz";

/**
 * One folder with everything, or the files themselves in any order; a folder, or a .npz, is then the trace.
 * @throws BadArgument, FileProblem
 */
export async function findGolden(
  paths: readonly string[],
  model: Described,
): Promise<ReferenceFiles> {
  const [first = ""] = paths;
  if (paths.length === 1 && isDirectory(first)) return inFolder(first, model);
  const { outputs } = model.info;
  const traces = paths.filter((path) => isDirectory(path) || path.endsWith(".npz"));
  const files = paths.filter((path) => !traces.includes(path));
  if (files.length !== outputs.length + 1 || traces.length > 1) {
    throw new BadArgument(ARGUMENT, wantedFiles(outputs), paths.join(" "));
  }
  if (new Set(files).size < files.length && outputs.length === 1) {
    throw new BadArgument(ARGUMENT, "different files", paths.join(" "));
  }
  const outputPaths = outputs.length === 1 ? [onlyOutput(files)] : outputsAmong(files, outputs);
  const input = files.find((path) => !outputPaths.includes(path)) ?? "";
  const [trace] = traces;
  return {
    input: entryOf(input),
    outputs: outputPaths.map(entryOf),
    trace: trace === undefined ? [] : traceEntries(trace),
  };
}

function wantedFiles(outputs: Outputs): string {
  const names = outputs.map(({ name }) => `${name}.npy`).join(", ");
  const files = outputs.length === 1 ? "a logits file" : names;
  return `a folder, or an input and ${files} and perhaps a trace folder`;
}

/** By its name; else the second of the two. */
function onlyOutput(files: readonly string[]): string {
  return files.find(isNamedOutput) ?? files[1] ?? "";
}

function outputsAmong(files: readonly string[], outputs: Outputs): string[] {
  return outputs.map((output) => {
    const names = outputFiles(output, false);
    const found = files.find((path) => names.includes(baseName(path)));
    if (found !== undefined) return found;
    throw new BadArgument(ARGUMENT, wantedFiles(outputs), files.join(" "));
  });
}

async function inFolder(folder: string, model: Described): Promise<ReferenceFiles> {
  const trace = join(folder, "trace");
  const archive = join(folder, TRACE_ARCHIVE);
  const files = [
    ...arraysIn(folder),
    ...(isDirectory(trace) ? arraysIn(trace) : []),
    ...(existsSync(archive) ? [entryOf(archive)] : []),
  ];
  return findReference(files, model, { argument: ARGUMENT, got: `${folder} without one` });
}

/** @throws BadArgument for a folder without arrays */
function traceEntries(path: string): FileEntry[] {
  if (!isDirectory(path)) return [entryOf(path)];
  const entries = arraysIn(path);
  if (entries.length > 0) return entries;
  throw new BadArgument(ARGUMENT, "a trace with <module>.npy files", path);
}

/** In order of their index, if their names begin with one. */
function arraysIn(folder: string): FileEntry[] {
  return listDirectory(folder)
    .filter((name) => name.endsWith(".npy"))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((name) => entryOf(join(folder, name)));
}

function entryOf(path: string): FileEntry {
  return {
    path,
    read: () => {
      requireRegularFile(path);
      return readBytes(path);
    },
  };
}
