/**
 * Inputs of the files that a person chooses: arrays, clips, or a folder of clips a class, as the command line takes them
 * with `--inputs` and `--dataset`. Knows nothing of where the files are, or of what their inputs are for.
 */
import { BadInput } from "../core/errors.js";
import type { InputArray, SamplesInput } from "../core/input.js";
import type { Model } from "../core/model.js";
import { inFile } from "../host/file-problem.js";
import type { InputSource } from "../quantize/inputs.js";
import { AUDIO, datasetOf, hasDataset } from "./dataset.js";
import { byPath, type FileEntry, isHidden, namesOf } from "./files.js";
import { inputsOf, type ModelInput, takenBy } from "./inputs.js";

/** A file with its path in what was chosen. */
export type ExampleFile = FileEntry;

export interface Examples {
  readonly source: InputSource;
  /** Paths of files that are no inputs by their names. */
  readonly leftOut: readonly string[];
}

export interface ExampleOptions {
  /** Zeros are added to shorter clips of a folder a class; longer ones are refused. Default: one second. */
  readonly samples?: number;
}

type TakenModel = Pick<Model, "info" | "labels" | "metadata">;

/** Reads one input, or one of several of a file. */
type Item = () => InputArray | Promise<InputArray>;

const ARRAY = /\.npy$/i;

/**
 * The inputs of some files: `.npy` as `run` takes it, `.wav` and `.flac` each as it is; but clips in folders that are
 * named as the model's labels are a data set, in the order of the labels, each followed by zeros up to one second.
 * Arrays are read at once, clips when they are run. Hidden files are none.
 *
 * @throws BadInput (no inputs among the files), FileProblem (one that cannot be used, by its path)
 */
export async function readExamples(
  files: readonly ExampleFile[],
  model: TakenModel,
  options: ExampleOptions = {},
): Promise<Examples> {
  const visible = files.filter((file) => !isHidden(file)).sort(byPath);
  const { info, labels } = model;
  const isOfClasses = hasDataset(visible, labels);
  const { items, leftOut } =
    info.inputKind === "samples" && isOfClasses
      ? datasetItems(visible, info, labels, options)
      : await fileItems(visible, takenBy(model));
  if (items.length === 0) throw new BadInput(kindsOf(model), namesOf(files));
  const item = (index: number) => (items[index] as Item)();
  return { source: { count: items.length, item }, leftOut: leftOut.map(({ path }) => path) };
}

interface Sorted {
  readonly items: readonly Item[];
  readonly leftOut: readonly ExampleFile[];
}

/** An only file is meant, whatever it is called. */
async function fileItems(files: readonly ExampleFile[], model: ModelInput): Promise<Sorted> {
  const isInput = ({ path }: ExampleFile) =>
    files.length === 1 || ARRAY.test(path) || AUDIO.test(path);
  const items: Item[] = [];
  for (const file of files.filter(isInput)) {
    if (AUDIO.test(file.path)) items.push(() => firstOf(file, model));
    else items.push(...(await sequencesOf(file, model)).map((sequence) => () => sequence));
  }
  return { items, leftOut: files.filter((file) => !isInput(file)) };
}

function sequencesOf({ path, read }: ExampleFile, model: ModelInput) {
  return inFile(path, async () => inputsOf(await read(), model, false).sequences);
}

async function firstOf(file: ExampleFile, model: ModelInput): Promise<InputArray> {
  const [only] = await sequencesOf(file, model);
  return only as InputArray;
}

/** Files beside the folders are no part of the set. @throws FileProblem */
function datasetItems(
  files: readonly ExampleFile[],
  info: SamplesInput,
  labels: readonly string[],
  { samples = info.sampleRateHz }: ExampleOptions,
): Sorted {
  const { clips, leftOut } = datasetOf(files, info, labels, samples);
  return { items: clips.map((clip) => () => clip.read()), leftOut };
}

function kindsOf({ info, labels }: TakenModel): string {
  if (info.inputKind !== "samples") return `examples as .npy of ${info.inputKind}`;
  const folders = labels.length > 0 ? ", or folders of clips named as the labels" : "";
  return `examples as .wav, .flac or .npy${folders}`;
}
