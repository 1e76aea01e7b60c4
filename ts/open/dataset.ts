/**
 * Clips in folders that are named as a model's labels, as the command line takes them with `--dataset`: which of some files
 * they are, their classes, and their samples. Knows nothing of where the files are, or of what the clips are for.
 */
import { BadArgument } from "../core/errors.js";
import { framesIn, type SamplesInput } from "../core/input.js";
import { FileProblem, inFile } from "../host/file-problem.js";
import type { FileEntry } from "./files.js";
import { paddedClip } from "./inputs.js";

export interface Clip {
  /** Its samples, followed by zeros. @throws FileProblem */
  read(): Promise<Float32Array>;
  /** Index of the label. */
  readonly classIndex: number;
}

export interface Dataset {
  /** In the order of the labels, then of the files. */
  readonly clips: readonly Clip[];
  /** Of each. */
  readonly frames: number;
  /** Files beside the folders, which are no part of the set. */
  readonly leftOut: readonly FileEntry[];
}

export const AUDIO = /\.(wav|flac)$/i;

/** Whether there is a clip in a folder of a label. */
export function hasDataset(files: readonly FileEntry[], labels: readonly string[]): boolean {
  return files.some((file) => isOfClass(file, labels));
}

/**
 * @param files with a dataset among them
 * @param samples that every clip is padded to with zeros; longer ones are refused
 * @throws BadArgument (too few samples), FileProblem (a folder of no label, a file that is no clip)
 */
export function datasetOf(
  files: readonly FileEntry[],
  info: SamplesInput,
  labels: readonly string[],
  samples: number,
): Dataset {
  const frames = framesIn(info, samples);
  if (frames === 0) {
    throw new BadArgument("samples", `at least ${info.windowSamples}, a window`, `${samples}`);
  }
  const root = rootOf(files.find((file) => isOfClass(file, labels)) as FileEntry);
  const isClip = ({ path }: FileEntry) =>
    path.startsWith(root) && path.slice(root.length).includes("/");
  const found = files.filter(isClip);
  for (const file of found) requireClip(file, root, labels);
  const clips = labels.flatMap((label, classIndex) =>
    found
      .filter((file) => folderOf(file) === label)
      .map((file) => ({ read: () => clipOf(file, info.sampleRateHz, samples), classIndex })),
  );
  return { clips, frames, leftOut: files.filter((file) => !isClip(file)) };
}

function clipOf({ path, read }: FileEntry, sampleRateHz: number, samples: number) {
  return inFile(path, async () => paddedClip(await read(), sampleRateHz, samples, "one second"));
}

/** @throws FileProblem */
function requireClip({ path }: FileEntry, root: string, labels: readonly string[]): void {
  const [folder = "", ...rest] = path.slice(root.length).split("/");
  if (!labels.includes(folder)) {
    const reason = `is no label of the model, which has ${labels.join(", ")}`;
    throw new FileProblem(root + folder, reason);
  }
  if (rest.length > 1 || !AUDIO.test(path)) {
    throw new FileProblem(path, "expected a clip: .wav or .flac");
  }
}

function isOfClass(file: FileEntry, labels: readonly string[]): boolean {
  const folder = folderOf(file);
  return AUDIO.test(file.path) && folder !== undefined && labels.includes(folder);
}

/** The folder that a file lies in. */
function folderOf({ path }: FileEntry): string | undefined {
  return path.split("/").at(-2);
}

/** What is before the folder of a clip's class. */
function rootOf({ path }: FileEntry): string {
  return path
    .split("/")
    .slice(0, -2)
    .map((folder) => `${folder}/`)
    .join("");
}
