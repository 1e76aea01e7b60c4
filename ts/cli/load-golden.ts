/**
 * Finds a reference's files: an input, its outputs, and perhaps a trace. Knows nothing of what is compared.
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { readNpyFloat64, readNpz } from "../checkpoint/index.js";
import { BadArgument } from "../core/errors.js";
import type { OutputInfo } from "../core/info.js";
import type { Model } from "../core/model.js";
import { axesOfRank, coreSizes } from "../graph/shapes.js";
import { moduleShapesOf, type TraceTensor } from "../profile/index.js";
import { INPUT_FILES, outputFiles, referenceCases } from "../reference-files.js";
import { inFile, isDirectory, listDirectory, readBytes, requireRegularFile } from "./files.js";

export interface Golden {
  readonly inputPath: string;
  /** In the order of the model's outputs. */
  readonly outputPaths: readonly string[];
  /** Folder of `<module>.npy` files, or a .npz of them. */
  readonly tracePath?: string;
}

type Outputs = readonly Pick<OutputInfo, "name">[];
type Described = Pick<Model, "info" | "metadata">;

const TRACE_NAMES = ["trace", "trace.npz"];

/** One folder with everything, or the files themselves in any order (a folder, or a .npz, is then the trace). */
export function findGolden(paths: readonly string[], model: Described): Golden {
  const { outputs } = model.info;
  const [first = ""] = paths;
  if (paths.length === 1 && isDirectory(first)) return inFolder(first, model);
  const folders = paths.filter((path) => isDirectory(path) || path.endsWith(".npz"));
  const files = paths.filter((path) => !folders.includes(path));
  if (files.length !== outputs.length + 1 || folders.length > 1) {
    throw new BadArgument("--golden", wantedFiles(outputs), paths.join(" "));
  }
  const outputPaths = outputs.length === 1 ? [onlyOutput(files)] : outputsAmong(files, outputs);
  const inputPath = files.find((path) => !outputPaths.includes(path));
  if (inputPath === undefined) {
    throw new BadArgument("--golden", "different files", paths.join(" "));
  }
  const [tracePath] = folders;
  return { inputPath, outputPaths, ...(tracePath !== undefined && { tracePath }) };
}

function wantedFiles(outputs: Outputs): string {
  const names = outputs.map(({ name }) => `${name}.npy`).join(", ");
  const files = outputs.length === 1 ? "a logits file" : names;
  return `a folder, or an input and ${files} and perhaps a trace folder`;
}

function onlyOutput(files: readonly string[]): string {
  return files.find((path) => /^(logits|output)/.test(basename(path))) ?? (files[1] as string);
}

function outputsAmong(files: readonly string[], outputs: Outputs): string[] {
  return outputs.map((output) => {
    const names = outputFiles(output, false);
    const found = files.find((path) => names.includes(basename(path)));
    if (found !== undefined) return found;
    throw new BadArgument("--golden", wantedFiles(outputs), files.join(" "));
  });
}

function inFolder(folder: string, model: Described): Golden {
  const { outputs } = model.info;
  const names = listDirectory(folder).filter((name) => name.endsWith(".npy"));
  const free = new Set(names);
  const pick = (candidates: readonly string[], others: () => string | undefined, what: string) => {
    const name = candidates.find((candidate) => free.has(candidate)) ?? others();
    if (name === undefined) {
      throw new BadArgument(
        "--golden",
        `${candidates.join(" or ")}, or ${what}`,
        `${folder} without one`,
      );
    }
    free.delete(name);
    requireRegularFile(join(folder, name));
    return join(folder, name);
  };
  const inputPath = pick(
    INPUT_FILES,
    () => only([...free].filter((name) => isInput(join(folder, name), model))),
    "one .npy that has the input's shape and no output's name",
  );
  const outputPaths = outputs.map((output) => {
    const isLast = outputs.length === 1;
    const byName = () => only([...free].filter((name) => name.startsWith(output.name)));
    return pick(
      outputFiles(output, isLast),
      () =>
        byName() ??
        (isLast ? (only([...free].filter(isNamedOutput)) ?? only([...free])) : undefined),
      isLast ? "one other .npy" : `one .npy whose name begins with ${output.name}`,
    );
  });
  const trace = TRACE_NAMES.map((name) => join(folder, name)).find(existsSync);
  return { inputPath, outputPaths, ...(trace !== undefined && { tracePath: trace }) };
}

function only<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}

function isNamedOutput(name: string): boolean {
  return /^(logits|outputs?|expected|y|targets?|refs?|reference|pred)/i.test(name);
}

/** Whether an array of that name and shape may be what the model takes. */
function isInput(path: string, model: Described): boolean {
  if (isNamedOutput(basename(path))) return false;
  requireRegularFile(path);
  const { inputKind, inputWidth } = model.info;
  const shape = shapeOf(path);
  const shapes = moduleShapesOf(model);
  if (shapes !== undefined) {
    const axes = axesOfRank(shapes.input.axes, shape.length);
    return axes !== undefined && coreSizes(axes, shape)?.[2] === inputWidth;
  }
  const rank = inputKind === "frames" ? 2 : 1;
  const hasRank = shape.length === rank || shape.length === rank + 1;
  return hasRank && (inputKind !== "frames" || shape.at(-1) === inputWidth);
}

/** Of an array that can be read; else of none. */
function shapeOf(path: string): readonly number[] {
  try {
    return readNpyFloat64(readBytes(path)).shape;
  } catch {
    return [];
  }
}

/** Of one output, the reference's elements of each case; `shape` is that of a case. @throws FileProblem */
export function readReference(
  path: string,
  cases: number,
  shape: readonly number[],
): Promise<Float64Array[]> {
  return inFile(path, () => referenceCases(readNpyFloat64(readBytes(path)), cases, shape));
}

/** A trace's tensors in order of their index, if their names begin with one. */
export async function readTrace(path: string): Promise<TraceTensor[]> {
  if (!isDirectory(path)) {
    return inFile(path, () =>
      [...readNpz(readBytes(path))].map(([name, array]) => ({ ...array, name: traceName(name) })),
    );
  }
  const names = listDirectory(path).filter((name) => name.endsWith(".npy"));
  if (names.length === 0) {
    throw new BadArgument("--golden", "a trace with <module>.npy files", path);
  }
  names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return Promise.all(
    names.map((name) => {
      const file = join(path, name);
      return inFile(file, () => {
        requireRegularFile(file);
        const { data, shape } = readNpyFloat64(readBytes(file));
        return { name: traceName(name.replace(/\.npy$/, "")), shape, data };
      });
    }),
  );
}

/** Without an index in front: "03_layers.0.mixer.conv1d". */
function traceName(name: string): string {
  return name.replace(/^[0-9]+_/, "");
}
