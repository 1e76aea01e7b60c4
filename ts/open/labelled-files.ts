/**
 * Inputs whose classes are known, of the files that a person chooses: a folder of clips a class, or two arrays, as
 * `mambalite eval` takes them with `--dataset` and with `--inputs` and `--labels`. Knows nothing of where the files are.
 */
import { readNpy } from "../checkpoint/npy.js";
import { BadInput } from "../core/errors.js";
import type { Model } from "../core/model.js";
import { inFile } from "../host/file-problem.js";
import type { InputSource } from "../quantize/inputs.js";
import { datasetOf, hasDataset } from "./dataset.js";
import { baseName, byPath, type FileEntry, isHidden, namesOf } from "./files.js";
import { inputsOf, takenBy } from "./inputs.js";
import { classesOf, requireClasses } from "./labelled.js";

export interface LabelledSet {
  readonly source: InputSource;
  /** Frames that the network makes of each. */
  readonly frames: number;
  /** Class of each: an index of the first output. */
  readonly classes: ArrayLike<number>;
  /** Paths of files that are no part of it. */
  readonly leftOut: readonly string[];
}

type TakenModel = Pick<Model, "info" | "labels" | "metadata">;

const ARRAY = /\.npy$/i;

/**
 * Clips get zeros up to one second, longer ones are refused; they are read when they are run.
 * @throws BadArgument (a model without classes), BadInput (no labelled set), FileProblem (a file that cannot be used)
 */
export async function readLabelled(
  files: readonly FileEntry[],
  model: TakenModel,
): Promise<LabelledSet> {
  const { info, labels } = model;
  const { width } = requireClasses(info);
  const visible = files.filter((file) => !isHidden(file)).sort(byPath);
  if (info.inputKind === "samples" && hasDataset(visible, labels)) {
    const { clips, frames, leftOut } = datasetOf(visible, info, labels, info.sampleRateHz);
    const source = { count: clips.length, item: (index: number) => clips[index]!.read() };
    const classes = clips.map(({ classIndex }) => classIndex);
    return { source, frames, classes, leftOut: leftOut.map(({ path }) => path) };
  }
  const arrays = visible.filter(({ path }) => ARRAY.test(path));
  const [inputsFile, classesFile] = await inputsAndClasses(arrays);
  if (inputsFile === undefined || classesFile === undefined) {
    throw new BadInput(kindsOf(model), namesOf(files));
  }
  const { sequences, frames } = await inFile(inputsFile.path, async () =>
    inputsOf(await inputsFile.read(), takenBy(model), false),
  );
  const count = sequences.length;
  const classes = await inFile(classesFile.path, async () =>
    classesOf(await classesFile.read(), count, width),
  );
  const source = { count, item: (index: number) => sequences[index]! };
  const leftOut = visible.filter((file) => !arrays.includes(file)).map(({ path }) => path);
  return { source, frames, classes, leftOut };
}

/** Classes are integers of one dimension, which two arrays of tokens may be as well: then their names say it. */
async function inputsAndClasses(arrays: readonly FileEntry[]): Promise<readonly FileEntry[]> {
  const [a, b, ...more] = arrays;
  if (a === undefined || b === undefined || more.length > 0) return [];
  const [isA, isB] = [await looksLikeClasses(a), await looksLikeClasses(b)];
  if (isA === isB) return isA && NAMED_CLASSES.test(baseName(a.path)) ? [b, a] : [a, b];
  return isA ? [b, a] : [a, b];
}

const NAMED_CLASSES = /^(labels?|class(es)?|targets?|y)\b/i;

function looksLikeClasses({ path, read }: FileEntry): Promise<boolean> {
  return inFile(path, async () => {
    const { data, shape } = readNpy(await read());
    return data instanceof Int32Array && shape.length === 1;
  });
}

function kindsOf({ info, labels }: TakenModel): string {
  const arrays = `inputs of ${info.inputKind} and their classes as two .npy files`;
  if (info.inputKind !== "samples" || labels.length === 0) return arrays;
  return `a folder of .wav or .flac clips for each of ${labels.join(", ")}, or ${arrays}`;
}
