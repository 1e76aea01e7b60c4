/**
 * What the files of a reference are called: those of an input, of outputs, of a trace. Knows nothing of what is in
 * them.
 */
import type { OutputInfo } from "../core/info.js";
import { baseName } from "./files.js";

export const INPUT_FILES: readonly string[] = ["input.npy", "inputs.npy"];
/** Of an only output, best first. */
const LOGITS_FILES = ["logits_float64.npy", "logits.npy", "logits_float32.npy"];
const OUTPUT_LIKE = /^(logits|outputs?|expected|y|targets?|refs?|reference|pred)[^/]*\.npy$/i;
/** In a folder "trace", or with an index in front: "03_layers.0.mixer.conv1d.npy". */
const TRACE_FOLDER = /(^|\/)trace\/[^/]+\.npy$/;
const INDEX = /^[0-9]+_/;
const ARCHIVE = /\.npz$/i;
const INPUT = /\.(npy|wav|flac)$/i;

/** What the file of an output may be called, best first. */
export function outputFiles({ name }: Pick<OutputInfo, "name">, isOnly: boolean): string[] {
  const own = [`${name}_float64.npy`, `${name}.npy`, `${name}_float32.npy`];
  return isOnly ? [...LOGITS_FILES, ...own] : own;
}

/** Whether it is called as what a network gives. */
export function isNamedOutput(path: string): boolean {
  return OUTPUT_LIKE.test(baseName(path));
}

/** Whether a file may be an input or an output by its ending. */
export function isArrayOrClip(path: string): boolean {
  return INPUT.test(path);
}

export function isOfTrace(path: string): boolean {
  const isNumbered = INDEX.test(baseName(path)) && path.endsWith(".npy");
  return TRACE_FOLDER.test(path) || isNumbered || ARCHIVE.test(path);
}

export function isArchive(path: string): boolean {
  return ARCHIVE.test(path);
}

/** Of a trace's file or entry: its place, if it says one. */
export function traceIndex(path: string): number {
  return Number.parseInt(baseName(path), 10);
}

/** Of a trace's file or entry: the module. */
export function traceName(path: string): string {
  return baseName(path)
    .replace(INDEX, "")
    .replace(/\.npy$/, "");
}
