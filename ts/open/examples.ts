/**
 * Inputs of the files that a person chooses: arrays, clips, or a folder of clips a class, as the command line takes them
 * with `--inputs` and `--dataset`. Knows nothing of where the files are, or of what their inputs are for.
 */
import { BadArgument, BadInput } from "../core/errors.js";
import { framesIn, type InputArray, type SamplesInput } from "../core/input.js";
import type { Model } from "../core/model.js";
import { FileProblem, inFile } from "../host/file-problem.js";
import type { InputSource } from "../quantize/inputs.js";
import { type FileEntry, namesOf } from "./files.js";
import { inputsOf, type ModelInput, paddedClip, takenBy } from "./inputs.js";

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

const AUDIO = /\.(wav|flac)$/i;
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
  const visible = files.filter(({ path }) => !isHidden(path)).sort(byPath);
  const { info, labels } = model;
  const isOfClasses = visible.some((file) => isOfClass(file, labels));
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

// ---- a folder a class --------------------------------------------------------------------------------

/** Files beside the folders are no part of the set. @throws FileProblem */
function datasetItems(
  files: readonly ExampleFile[],
  info: SamplesInput,
  labels: readonly string[],
  { samples = info.sampleRateHz }: ExampleOptions,
): Sorted {
  if (framesIn(info, samples) === 0) {
    throw new BadArgument("samples", `at least ${info.windowSamples}, a window`, `${samples}`);
  }
  const root = rootOf(files.find((file) => isOfClass(file, labels)) as ExampleFile);
  const isClip = ({ path }: ExampleFile) =>
    path.startsWith(root) && path.slice(root.length).includes("/");
  const clips = files.filter(isClip);
  for (const file of clips) requireClip(file, root, labels);
  const items = labels.flatMap((label) =>
    clips
      .filter((file) => classOf(file) === label)
      .map((file) => () => clipOf(file, info.sampleRateHz, samples)),
  );
  return { items, leftOut: files.filter((file) => !isClip(file)) };
}

function clipOf({ path, read }: ExampleFile, sampleRateHz: number, samples: number) {
  return inFile(path, async () => paddedClip(await read(), sampleRateHz, samples, "one second"));
}

/** @throws FileProblem */
function requireClip({ path }: ExampleFile, root: string, labels: readonly string[]): void {
  const [folder = "", ...rest] = path.slice(root.length).split("/");
  if (!labels.includes(folder)) {
    const reason = `is no label of the model, which has ${labels.join(", ")}`;
    throw new FileProblem(root + folder, reason);
  }
  if (rest.length > 1 || !AUDIO.test(path)) {
    throw new FileProblem(path, "expected a clip: .wav or .flac");
  }
}

function isOfClass(file: ExampleFile, labels: readonly string[]): boolean {
  const folder = classOf(file);
  return AUDIO.test(file.path) && folder !== undefined && labels.includes(folder);
}

/** The folder that a file lies in. */
function classOf({ path }: ExampleFile): string | undefined {
  return path.split("/").at(-2);
}

/** What is before the folder of a clip's class. */
function rootOf({ path }: ExampleFile): string {
  return path
    .split("/")
    .slice(0, -2)
    .map((folder) => `${folder}/`)
    .join("");
}

// ---- names -------------------------------------------------------------------------------------------

function isHidden(path: string): boolean {
  return path.split("/").some((part) => part.startsWith("."));
}

function byPath(a: ExampleFile, b: ExampleFile): number {
  return a.path < b.path ? -1 : Number(a.path > b.path);
}

function kindsOf({ info, labels }: TakenModel): string {
  if (info.inputKind !== "samples") return `examples as .npy of ${info.inputKind}`;
  const folders = labels.length > 0 ? ", or folders of clips named as the labels" : "";
  return `examples as .wav, .flac or .npy${folders}`;
}
