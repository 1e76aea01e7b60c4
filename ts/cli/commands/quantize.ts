/**
 * `mambalite quantize`: a checkpoint becomes a smaller blob, and, over inputs if there are any, how far its
 * results are from those of float32.
 */
import { createBlob } from "../../blob/blob.js";
import type { Engine } from "../../core/engine.js";
import { BadArgument } from "../../core/errors.js";
import type { Model } from "../../core/model.js";
import { classOutput, type Outputs } from "../../core/outputs.js";
import { createFoldedBlob } from "../../fold/index.js";
import { type Accuracy, classify, compareOutputs } from "../../profile/index.js";
import { type QuantizedType, quantizing } from "../../quantize/index.js";
import type { Batch, Items } from "../batch/batch.js";
import { runBatch } from "../batch/run-batch.js";
import { locateModel } from "../bundled.js";
import { inFile, requireWritable, writeAtomically } from "../files.js";
import { finiteOrNull, toJson } from "../json.js";
import { inputItems, readInputs, takenBy } from "../load-input.js";
import { findDataset } from "../load-labelled.js";
import { type ModelChoice, type OpenModel, testOf, withModel } from "../load-model.js";
import { type ExecutionChoice, refuseGiven, sessionOptions } from "../options.js";
import { type Quantization, renderQuantization, type Size } from "../render/quantization.js";

export interface QuantizeOptions extends ModelChoice, ExecutionChoice {
  readonly type: QuantizedType;
  readonly output: string;
  readonly inputs?: string;
  readonly dataset?: string;
  readonly samples?: number;
  readonly jobs?: number;
  readonly json?: boolean;
}

export async function quantizeCommand(path: string, options: QuantizeOptions): Promise<string> {
  checkInputs(options);
  refuseGiven(options, OF_INTEGERS, "--type int", `--type ${options.type}`);
  const { arch, frontend, labels } = options;
  const sources = [locateModel(path, true).model, arch, frontend, labels, options.inputs];
  const read = sources.filter((source) => source !== undefined);
  requireWritable(options.output, read);
  return withModel(path, { ...options, asCheckpoint: true }, async (before) => {
    const blob = await inFile(path, () => quantizedBlob(path, before, options));
    const after = await before.engine.loadModel(blob);
    try {
      after.selfTest();
      const error = await compareOver(before, { ...before, model: after, blob }, options);
      await writeAtomically(options.output, blob, read);
      const { output, type } = options;
      const sizes = { before: sizeOf(before.model), after: sizeOf(after) };
      const crc32 = after.info.crc32.toString(16).padStart(8, "0");
      const result: Quantization = { output, type, crc32, ...sizes, ...(error && { error }) };
      return options.json ? toJson(toReport(result)) : renderQuantization(result);
    } finally {
      after.dispose();
    }
  });
}

const OF_INTEGERS = ["state", "float", "most"];

/** @throws BadArgument */
function checkInputs({ inputs, dataset, samples }: QuantizeOptions): void {
  if (inputs !== undefined && dataset !== undefined) {
    throw new BadArgument("quantize", "--inputs or --dataset", "both");
  }
  if (samples !== undefined && dataset === undefined) {
    throw new BadArgument("--samples", "--dataset with it", "none");
  }
}

/** @throws BadArgument for a blob, whose weights are what they are */
function quantizedBlob(
  path: string,
  open: OpenModel,
  { type, fold }: QuantizeOptions,
): Promise<Uint8Array> {
  const { engine, network } = open;
  if (network === undefined) {
    throw new BadArgument(
      "MODEL",
      "a checkpoint, or the name of a bundled model",
      `${path}, a .mlm`,
    );
  }
  const make = fold ? createFoldedBlob : createBlob;
  return make(engine satisfies Engine, network, quantizing({ ...testOf(open), type }));
}

function sizeOf({ info, tensors }: Model): Size {
  const weightsBytes = tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  return { blobBytes: info.blobBytes, weightsBytes };
}

// ---- error -------------------------------------------------------------------------------------------

interface Examples {
  readonly items: Items;
  readonly frames: number;
  /** Of a data set: the class of each. */
  readonly classes?: ArrayLike<number>;
}

/** Undefined where there is nothing to run. */
async function compareOver(
  before: OpenModel,
  after: OpenModel,
  options: QuantizeOptions,
): Promise<Quantization["error"]> {
  const examples = await findExamples(before.model, options);
  if (examples === undefined) return undefined;
  const wanted = await runAll(before, examples, options);
  const results = await runAll(after, examples, options);
  const reference = before.model.info.outputs.map((_, i) => wanted.map((row) => row[i]!.data));
  const width = classOutput(before.model.info.outputs)?.width ?? 1;
  const { all } = compareOutputs(results, reference);
  const { classes } = examples;
  return {
    accuracy: all,
    hasClasses: width > 1,
    ...(classes && {
      right: {
        before: classify(firstRows(wanted), classes, width).accuracy,
        after: classify(firstRows(results), classes, width).accuracy,
      },
    }),
  };
}

async function findExamples(
  model: Model,
  { inputs: path, dataset, samples }: QuantizeOptions,
): Promise<Examples | undefined> {
  if (dataset !== undefined) return findDataset(dataset, model, samples);
  if (path === undefined) return undefined;
  const inputs = await readInputs(path, takenBy(model), false);
  return { items: inputItems(inputs), frames: inputs.frames };
}

function runAll(
  { model, blob }: OpenModel,
  { items, frames }: Examples,
  options: QuantizeOptions,
): Promise<Outputs[]> {
  const { simd = "auto", jobs } = options;
  const session = sessionOptions(options, frames);
  const batch: Batch = { items, blob, simd, session, allowNonfinite: false };
  return runBatch(model, batch, { jobs, noun: "items" });
}

function firstRows(results: readonly Outputs[]): Float32Array[] {
  return results.map(([logits]) => logits!.data);
}

// ---- report ------------------------------------------------------------------------------------------

function toReport({ error, ...rest }: Quantization) {
  return { ...rest, ...(error && { error: errorReport(error) }) };
}

function errorReport({ accuracy, hasClasses, right }: NonNullable<Quantization["error"]>) {
  return {
    items: accuracy.cases.length,
    ...(hasClasses && { disagreements: disagreements(accuracy) }),
    meanRelative: finiteOrNull(accuracy.meanRelative),
    maxRelative: finiteOrNull(accuracy.maxRelative),
    ...(right && { right }),
  };
}

function disagreements({ cases, sameClasses }: Accuracy): number {
  return cases.length - sameClasses;
}
