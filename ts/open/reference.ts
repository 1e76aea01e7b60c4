/**
 * From files to a reference: an input, its outputs, and perhaps a trace; or from what is inside an exported file. Knows
 * nothing of where files are, or of how anything is compared.
 */
import { readNpyFloat64 } from "../checkpoint/npy.js";
import { readNpz } from "../checkpoint/npz.js";
import { BadArgument, BadInput } from "../core/errors.js";
import { framesIn, type InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Output } from "../core/outputs.js";
import { axesOfRank, coreSizes } from "../graph/shapes.js";
import { inFile } from "../host/file-problem.js";
import {
  DEFAULT_TOLERANCE,
  inModuleShapes,
  moduleShapesOf,
  referenceTolerance,
  type TraceTensor,
} from "../profile/index.js";
import { baseName, type FileEntry } from "./files.js";
import { inputsOf, takenBy } from "./inputs.js";
import type { ExportedReferences } from "./network.js";
import {
  INPUT_FILES,
  isArchive,
  isArrayOrClip,
  isNamedOutput,
  isOfTrace,
  outputFiles,
  traceIndex,
  traceName,
} from "./reference-names.js";

/** What a model is compared with. */
export interface Reference {
  /** Of the longest sequence. */
  readonly frames: number;
  readonly sequences: readonly InputArray[];
  /** Index for index with the outputs, of each the elements of every case. */
  readonly outputs: readonly (readonly (Float32Array | Float64Array)[])[];
  /** Of the first sequence; empty: none. */
  readonly trace: readonly TraceTensor[];
  readonly tolerance: number;
  /** Whether outputs lie as the module gives them. */
  readonly isInModuleShapes: boolean;
}

export interface ReferenceFiles {
  readonly input: FileEntry;
  /** In the order of the model's outputs. */
  readonly outputs: readonly FileEntry[];
  readonly trace: readonly FileEntry[];
}

type Described = Pick<Model, "info" | "metadata">;

export interface FindOptions {
  /** What the caller calls the files, for messages. */
  readonly argument: string;
  /** What was looked through, for messages. */
  readonly got: string;
}

/**
 * Which file of many is what: by name, or else by what only one of them can be.
 * @throws BadArgument that says which file is missing
 */
export async function findReference(
  files: readonly FileEntry[],
  model: Described,
  { argument, got }: FindOptions,
): Promise<ReferenceFiles> {
  const { outputs } = model.info;
  const trace = files.filter(({ path }) => isOfTrace(path));
  const free = new Set(files.filter((file) => !trace.includes(file) && isArrayOrClip(file.path)));
  const take = (names: readonly string[], other: FileEntry | undefined, what: string) => {
    const named = names.map((name) => [...free].find(({ path }) => baseName(path) === name));
    const found = named.find((file) => file !== undefined) ?? other;
    if (found === undefined) {
      throw new BadArgument(argument, `${names.join(" or ")}, or ${what}`, got);
    }
    free.delete(found);
    return found;
  };
  const isOnly = outputs.length === 1;
  const hasInput = [...free].some(({ path }) => INPUT_FILES.includes(baseName(path)));
  const input = take(
    INPUT_FILES,
    hasInput ? undefined : await onlyInput([...free], model),
    "one .npy that has the input's shape and no output's name",
  );
  const found = outputs.map((output) => {
    const rest = [...free];
    const byName = only(rest.filter(({ path }) => baseName(path).startsWith(output.name)));
    const other = byName ?? (isOnly ? (only(rest.filter(isOutput)) ?? only(rest)) : undefined);
    const what = isOnly ? "one other .npy" : `one .npy whose name begins with ${output.name}`;
    return take(outputFiles(output, isOnly), other, what);
  });
  return { input, outputs: found, trace: traceOf(trace) };
}

function isOutput({ path }: FileEntry): boolean {
  return isNamedOutput(path);
}

/** Arrays in order of their index; an archive only where there are none. */
function traceOf(files: readonly FileEntry[]): FileEntry[] {
  const arrays = files.filter(({ path }) => !isArchive(path));
  if (arrays.length === 0) return files.slice(0, 1);
  return arrays.sort((a, b) => traceIndex(a.path) - traceIndex(b.path));
}

function only<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}

async function onlyInput(
  files: readonly FileEntry[],
  model: Described,
): Promise<FileEntry | undefined> {
  const candidates: FileEntry[] = [];
  for (const file of files) {
    if (!isOutput(file) && (await mayBeInput(file, model))) candidates.push(file);
  }
  return only(candidates);
}

/** Whether a clip, or an array of that shape, may be what the model takes. */
async function mayBeInput({ path, read }: FileEntry, model: Described): Promise<boolean> {
  const { inputKind, inputWidth } = model.info;
  if (!path.endsWith(".npy")) return inputKind === "samples";
  const shape = shapeOf(await read());
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
function shapeOf(bytes: Uint8Array): readonly number[] {
  try {
    return readNpyFloat64(bytes).shape;
  } catch {
    return [];
  }
}

// ---- reading -----------------------------------------------------------------------------------------

/** @throws FileProblem, by the file's path */
export async function readReference(files: ReferenceFiles, model: Model): Promise<Reference> {
  const { frames, sequences } = await inEntry(files.input, (bytes) =>
    inputsOf(bytes, takenBy(model), false),
  );
  const inputs = (sequences[0]?.length ?? 0) / model.info.inputWidth;
  const shapes = outputShapes(model, inputs);
  const outputs = await Promise.all(
    files.outputs.map((file, i) =>
      inEntry(file, (bytes) =>
        referenceCases(readNpyFloat64(bytes), sequences.length, shapes[i] ?? []),
      ),
    ),
  );
  const trace = (await Promise.all(files.trace.map(readTrace))).flat();
  return {
    ...{ frames, sequences, outputs, trace, tolerance: DEFAULT_TOLERANCE },
    isInModuleShapes: true,
  };
}

/** What `mambalite_torch.export` has put beside the weights. */
export function referenceInside(model: Model, exported: ExportedReferences): Reference {
  const { references, float32Error } = exported;
  return {
    frames: Math.max(...references.inputs.map(({ length }) => framesIn(model.info, length))),
    sequences: references.inputs,
    outputs: model.info.outputs.map(({ name }) => references.outputs.get(name) ?? []),
    trace: references.trace.map(({ name, shape, data }) => {
      return { name, shape, data: Float64Array.from(data) };
    }),
    tolerance: referenceTolerance(float32Error),
    isInModuleShapes: false,
  };
}

/**
 * Of one output, the reference's elements of each case, whose `shape` is known.
 * @throws BadInput when the array has neither that shape for each case nor, for an only case, that shape
 */
export function referenceCases(
  { data, shape: found }: { readonly data: Float64Array; readonly shape: readonly number[] },
  cases: number,
  shape: readonly number[],
): Float64Array[] {
  const all = [cases, ...shape];
  const isOneCase = cases === 1 && isSame(found, shape);
  if (!isOneCase && !isSame(found, all)) {
    const what = shape.length === 1 ? "logits" : "rows";
    throw new BadInput(`${what} [${all.join(", ")}]`, `[${found.join(", ")}]`);
  }
  const length = data.length / cases;
  return Array.from({ length: cases }, (_, i) => data.subarray(i * length, (i + 1) * length));
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** Of one case, as the module gives them where the model says how. */
function outputShapes(model: Model, inputs: number): readonly (readonly number[])[] {
  const shapes = model.outputShapes(inputs);
  const blank = model.info.outputs.map(({ name }, i): Output => {
    const shape = shapes[i] ?? [];
    const elements = shape.reduce((product, size) => product * size, 1);
    return { name, shape, data: new Float32Array(elements) };
  });
  return inModuleShapes(moduleShapesOf(model), blank).map(({ shape }) => shape);
}

function readTrace(file: FileEntry): Promise<TraceTensor[]> {
  return inEntry(file, (bytes) => {
    if (!isArchive(file.path)) return [{ ...readNpyFloat64(bytes), name: traceName(file.path) }];
    return [...readNpz(bytes)].map(([name, array]) => ({ ...array, name: traceName(name) }));
  });
}

function inEntry<T>({ path, read }: FileEntry, use: (bytes: Uint8Array) => T): Promise<T> {
  return inFile(path, async () => use(await read()));
}
