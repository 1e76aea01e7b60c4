/**
 * Compares the open model with a reference that was dropped: an input, its logits, and perhaps a
 * trace of every operator. Knows the names that golden folders use, and nothing of pages.
 */
import { readNpyFloat64 } from "../../checkpoint/index.js";
import { BadInput } from "../../core/errors.js";
import {
  compareLogits,
  compareTrace,
  DEFAULT_TOLERANCE,
  DEFAULT_TRACE_TOLERANCE,
  type TraceTensor,
} from "../../profile/index.js";
import { sessionOptions } from "./figures.js";
import { readSequences } from "./inputs.js";
import { readFile } from "./open.js";
import type { Choice, ComparisonAnswer, NamedFile, Progress } from "./protocol.js";
import type { Workbench } from "./workbench.js";

/** Best first. */
const LOGITS_NAMES = ["logits_float64.npy", "logits.npy", "logits_float32.npy"];
const TRACE_FILE = /^([0-9]+)_(.+)\.npy$/;

interface Reference {
  readonly input: NamedFile;
  readonly logits: NamedFile;
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
  const reference = findReference(files);
  report({ what: "reading the reference" });
  const { frames, sequences } = readSequences(await bytesOf(reference.input), model.info);
  const expected = await readLogits(reference.logits, sequences.length, model.info.logits);
  const trace = await Promise.all(reference.trace.map(readTraceTensor));
  const session = model.createSession(sessionOptions({ ...choice, frames }));
  try {
    const ours = sequences.map((sequence, i) => {
      report({ what: "running the reference's inputs", share: i / sequences.length });
      return session.run(sequence);
    });
    const first = sequences[0];
    return {
      accuracy: compareLogits(ours, expected),
      trace:
        trace.length === 0 || first === undefined
          ? null
          : compareTrace(model, session, first, trace),
      tolerance: DEFAULT_TOLERANCE,
      traceTolerance: DEFAULT_TRACE_TOLERANCE,
      reference: reference.logits.path,
    };
  } finally {
    session.dispose();
  }
}

function findReference(files: readonly NamedFile[]): Reference {
  const trace = files
    .filter(({ path }) => TRACE_FILE.test(baseName(path)))
    .sort((a, b) => Number.parseInt(baseName(a.path), 10) - Number.parseInt(baseName(b.path), 10));
  const rest = files.filter((file) => !trace.includes(file));
  const logits =
    LOGITS_NAMES.map((name) => rest.find(({ path }) => baseName(path) === name)).find(Boolean) ??
    rest.find(({ path }) => /^(logits|output)[^/]*\.npy$/.test(baseName(path)));
  const input = rest.find(
    ({ path }) => !/^(logits|output)/.test(baseName(path)) && /\.(npy|wav)$/i.test(path),
  );
  if (logits === undefined) {
    throw new BadInput("logits_float64.npy or another logits*.npy", namesOf(files));
  }
  if (input === undefined)
    throw new BadInput("the input of the logits, .npy or .wav", namesOf(files));
  return { input, logits, trace };
}

async function readLogits(
  { file }: NamedFile,
  cases: number,
  logits: number,
): Promise<Float64Array[]> {
  const { data, shape } = readNpyFloat64(await readFile(file, () => {}));
  const isRow = shape.length === 1 && cases === 1 && shape[0] === logits;
  const isMatrix = shape.length === 2 && shape[0] === cases && shape[1] === logits;
  if (!isRow && !isMatrix) {
    throw new BadInput(`logits [${cases}, ${logits}]`, `[${shape.join(", ")}]`);
  }
  return Array.from({ length: cases }, (_, i) => data.subarray(i * logits, (i + 1) * logits));
}

async function readTraceTensor({ path, file }: NamedFile): Promise<TraceTensor> {
  const { data, shape } = readNpyFloat64(await readFile(file, () => {}));
  return { name: TRACE_FILE.exec(baseName(path))?.[2] ?? path, shape, data };
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
