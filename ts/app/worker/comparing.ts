/**
 * Compares the open model with a reference that was dropped: an input, its outputs, and perhaps a
 * trace of every operator. Knows nothing of pages.
 */
import { readNpyFloat64 } from "../../checkpoint/index.js";
import { BadInput } from "../../core/errors.js";
import type { OutputInfo } from "../../core/info.js";
import type { Model, Output } from "../../index.js";
import {
  compareOutputs,
  compareTrace,
  DEFAULT_TOLERANCE,
  DEFAULT_TRACE_TOLERANCE,
  inModuleShapes,
  moduleShapesOf,
  type TraceTensor,
} from "../../profile/index.js";
import { outputFiles, referenceCases } from "../../reference-files.js";
import { sessionOptions } from "./figures.js";
import { readSequences } from "./inputs.js";
import { readFile } from "./open.js";
import type { Choice, ComparisonAnswer, NamedFile, Progress } from "./protocol.js";
import type { Workbench } from "./workbench.js";

const TRACE_FILE = /^([0-9]+)_(.+)\.npy$/;
/** Of a trace of forward hooks, whose files need no number. */
const TRACE_PATH = /(^|\/)trace\/([^/]+)\.npy$/;

interface Reference {
  readonly input: NamedFile;
  /** In the order of the model's outputs. */
  readonly outputs: readonly NamedFile[];
  readonly trace: readonly NamedFile[];
}

/** @throws BadInput when a file is missing or has a wrong shape. */
export async function compareWith(
  workbench: Workbench,
  files: readonly NamedFile[],
  choice: Choice,
  report: (progress: Progress) => void,
): Promise<ComparisonAnswer> {
  const { model } = workbench.open;
  const reference = findReference(files, model.info.outputs);
  report({ what: "reading the reference" });
  const own = moduleShapesOf(model);
  const { frames, sequences } = readSequences(await bytesOf(reference.input), model.info, own);
  const inputs = (sequences[0]?.length ?? 0) / model.info.inputWidth;
  const shapes = inModuleShapes(own, blankOutputs(model, inputs)).map(({ shape }) => shape);
  const expected = await Promise.all(
    reference.outputs.map(async (file, i) =>
      referenceCases(readNpyFloat64(await bytesOf(file)), sequences.length, shapes[i] ?? []),
    ),
  );
  const trace = await Promise.all(reference.trace.map(readTraceTensor));
  const session = model.createSession(sessionOptions({ ...choice, frames }));
  try {
    const ours = sequences.map((sequence, i) => {
      report({ what: "running the reference's inputs", share: i / sequences.length });
      return inModuleShapes(own, session.run(sequence));
    });
    const first = sequences[0];
    return {
      accuracy: compareOutputs(ours, expected),
      trace:
        trace.length === 0 || first === undefined
          ? null
          : compareTrace(model, session, first, trace),
      tolerance: DEFAULT_TOLERANCE,
      traceTolerance: DEFAULT_TRACE_TOLERANCE,
      reference: reference.outputs.map(({ path }) => path).join(", "),
    };
  } finally {
    session.dispose();
  }
}

/** Outputs of the right shapes. */
function blankOutputs(model: Model, inputs: number): Output[] {
  const shapes = model.outputShapes(inputs);
  return model.info.outputs.map(({ name }, i) => {
    const shape = shapes[i] ?? [];
    const elements = shape.reduce((product, size) => product * size, 1);
    return { name, shape, data: new Float32Array(elements) };
  });
}

function findReference(
  files: readonly NamedFile[],
  outputs: readonly Pick<OutputInfo, "name">[],
): Reference {
  const trace = files
    .filter(({ path }) => TRACE_FILE.test(baseName(path)) || TRACE_PATH.test(path))
    .sort((a, b) => Number.parseInt(baseName(a.path), 10) - Number.parseInt(baseName(b.path), 10));
  const rest = files.filter((file) => !trace.includes(file));
  const isOnly = outputs.length === 1;
  const found = outputs.map((output) => findOutput(rest, output, isOnly));
  const input = rest.find((file) => {
    const isLogits = isOnly && ONLY_OUTPUT.test(baseName(file.path));
    return !found.includes(file) && !isLogits && /\.(npy|wav)$/i.test(file.path);
  });
  if (input === undefined) {
    throw new BadInput("the input of the logits, .npy or .wav", namesOf(files));
  }
  return { input, outputs: found, trace };
}

const ONLY_OUTPUT = /^(logits|output)[^/]*\.npy$/;

/** @throws BadInput */
function findOutput(
  files: readonly NamedFile[],
  output: Pick<OutputInfo, "name">,
  isOnly: boolean,
): NamedFile {
  const names = outputFiles(output, isOnly);
  const named = names.map((name) => files.find(({ path }) => baseName(path) === name));
  const found =
    named.find((file) => file !== undefined) ??
    files.find(({ path }) => isOnly && ONLY_OUTPUT.test(baseName(path)));
  if (found !== undefined) return found;
  const wanted = isOnly ? "logits_float64.npy or another logits*.npy" : names.join(" or ");
  throw new BadInput(wanted, namesOf(files));
}

async function readTraceTensor({ path, file }: NamedFile): Promise<TraceTensor> {
  const { data, shape } = readNpyFloat64(await readFile(file, () => {}));
  const name = TRACE_FILE.exec(baseName(path))?.[2] ?? TRACE_PATH.exec(path)?.[2];
  return { name: name ?? path, shape, data };
}

function bytesOf({ file }: NamedFile): Promise<Uint8Array> {
  return readFile(file, () => {});
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function namesOf(files: readonly NamedFile[]): string {
  return files.length === 0
    ? "no files"
    : files
        .map(({ path }) => path)
        .slice(0, 8)
        .join(", ");
}
