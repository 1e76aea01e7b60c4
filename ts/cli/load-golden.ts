/**
 * Finds a reference's files: an input, its logits, and perhaps a trace. Knows the names that
 * scripts/golden gives them, and nothing of what is compared.
 */
import { basename, join } from "node:path";
import { readNpyFloat64 } from "../checkpoint/index.js";
import { BadArgument, BadInput } from "../core/errors.js";
import type { TraceTensor } from "../profile/index.js";
import { inFile, isDirectory, listDirectory, readBytes, requireRegularFile } from "./files.js";

export interface Golden {
  readonly inputPath: string;
  readonly logitsPath: string;
  /** Folder of `<index>_<operator>.npy` files. */
  readonly tracePath?: string;
}

const INPUT_NAMES = ["input.npy", "inputs.npy"];
/** Best first. */
const LOGITS_NAMES = ["logits_float64.npy", "logits.npy", "logits_float32.npy"];
const TRACE_NAME = "trace";

/** One folder with everything, or the files themselves in any order (a folder is then the trace). */
export function findGolden(paths: readonly string[]): Golden {
  const [first = ""] = paths;
  if (paths.length === 1 && isDirectory(first)) return inFolder(first);
  const folders = paths.filter(isDirectory);
  const files = paths.filter((path) => !folders.includes(path));
  if (files.length !== 2 || folders.length > 1) {
    throw new BadArgument(
      "--golden",
      "a folder, or an input and a logits file and perhaps a trace folder",
      paths.join(" "),
    );
  }
  const logitsPath = files.find((path) => /^(logits|output)/.test(basename(path))) ?? files[1];
  const inputPath = files.find((path) => path !== logitsPath);
  if (inputPath === undefined || logitsPath === undefined) {
    throw new BadArgument("--golden", "two different files", paths.join(" "));
  }
  const [tracePath] = folders;
  return { inputPath, logitsPath, ...(tracePath !== undefined && { tracePath }) };
}

function inFolder(folder: string): Golden {
  const names = new Set(listDirectory(folder));
  const pick = (candidates: readonly string[]): string => {
    const name = candidates.find((candidate) => names.has(candidate));
    if (name === undefined) {
      throw new BadArgument("--golden", candidates.join(" or "), `${folder} without one`);
    }
    const path = join(folder, name);
    requireRegularFile(path);
    return path;
  };
  const tracePath = join(folder, TRACE_NAME);
  return {
    inputPath: pick(INPUT_NAMES),
    logitsPath: pick(LOGITS_NAMES),
    ...(isDirectory(tracePath) && { tracePath }),
  };
}

/** Rows of reference logits, one a case. */
export function readReferenceLogits(
  path: string,
  cases: number,
  logits: number,
): Promise<Float64Array[]> {
  return inFile(path, () => {
    const { data, shape } = readNpyFloat64(readBytes(path));
    const isOneRow = shape.length === 1 && cases === 1 && shape[0] === logits;
    const isMatrix = shape.length === 2 && shape[0] === cases && shape[1] === logits;
    if (!isOneRow && !isMatrix) {
      throw new BadInput(`logits [${cases}, ${logits}]`, `[${shape.join(", ")}]`);
    }
    return Array.from({ length: cases }, (_, i) => data.subarray(i * logits, (i + 1) * logits));
  });
}

/** A trace's tensors in order of their index. */
export async function readTrace(folder: string): Promise<TraceTensor[]> {
  const names = listDirectory(folder).filter((name) => /^[0-9]+_.+\.npy$/.test(name));
  if (names.length === 0)
    throw new BadArgument("--golden", "a trace with <index>_<operator>.npy", folder);
  names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return Promise.all(
    names.map((name) => {
      const path = join(folder, name);
      return inFile(path, () => {
        requireRegularFile(path);
        const { data, shape } = readNpyFloat64(readBytes(path));
        return { name: name.replace(/^[0-9]+_/, "").replace(/\.npy$/, ""), shape, data };
      });
    }),
  );
}
