/**
 * `mambalite quantize`: a checkpoint becomes a smaller blob, and, over inputs if there are any, how far its
 * results are from those of float32.
 */

import { createBlob } from "../../blob/blob.js";
import { BadArgument } from "../../core/errors.js";
import type { Model } from "../../core/model.js";
import { classOutput, type Outputs } from "../../core/outputs.js";
import { type RunSettings, sessionOptions } from "../../core/settings.js";
import { createFoldedBlob } from "../../fold/index.js";
import { finiteOrNull, toJson } from "../../json.js";
import { testOf } from "../../open/convert.js";
import { takenBy } from "../../open/inputs.js";
import { classify } from "../../profile/index.js";
import { type QuantizedType, quantizeWeights } from "../../quantize/index.js";
import type { Batch, Items } from "../batch/batch.js";
import { runBatch } from "../batch/run-batch.js";
import { locateModel } from "../bundled.js";
import { inFile, requireWritable, writeAtomically } from "../files.js";
import { inputItems, readInputs } from "../load-input.js";
import { findDataset } from "../load-labelled.js";
import { type ModelChoice, type OpenModel, withModel } from "../load-model.js";
import { refuseGiven } from "../options.js";
import { type Quantization, renderQuantization } from "../render/quantization.js";

export interface QuantizeOptions extends ModelChoice, RunSettings {
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
    const { blob, report, right } = await inFile(path, () => quantized(path, before, options));
    await writeAtomically(options.output, blob, read);
    const { output, type } = options;
    const result: Quantization = { output, type, ...report, ...(right && { right }) };
    return options.json ? toJson(toReport(result)) : renderQuantization(result);
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
async function quantized(path: string, open: OpenModel, options: QuantizeOptions) {
  const { engine, network } = open;
  if (network === undefined) {
    throw new BadArgument(
      "MODEL",
      "a checkpoint, or the name of a bundled model",
      `${path}, a .mlm`,
    );
  }
  const { type, fold } = options;
  const examples = await findExamples(open.model, options);
  const ran: (readonly Outputs[])[] = [];
  const run = async (model: Model, blob: Uint8Array) => {
    const outputs = await runAll(model, blob, examples!, options);
    ran.push(outputs);
    return outputs;
  };
  const make = fold ? createFoldedBlob : createBlob;
  const how = { ...testOf(open), type, make, ...(examples && { run }) };
  const { blob, report } = await quantizeWeights(engine, network, how);
  const [before, after] = ran;
  const right = before && after && rightClasses(open.model, before, after, examples?.classes);
  return { blob, report, right };
}

// ---- error -------------------------------------------------------------------------------------------

interface Examples {
  readonly items: Items;
  readonly frames: number;
  /** Of a data set: the class of each. */
  readonly classes?: ArrayLike<number>;
}

/** Undefined where there is nothing to run. */
async function findExamples(
  model: Model,
  { inputs: path, dataset, samples }: QuantizeOptions,
): Promise<Examples | undefined> {
  if (dataset !== undefined) return findDataset(dataset, model, samples);
  if (path === undefined) return undefined;
  const inputs = await readInputs(path, takenBy(model), false);
  return { items: inputItems(inputs), frames: inputs.frames };
}

async function runAll(
  model: Model,
  blob: Uint8Array,
  { items, frames }: Examples,
  options: QuantizeOptions,
): Promise<readonly Outputs[]> {
  const { simd = "auto", jobs } = options;
  const session = sessionOptions(options, frames);
  const batch: Batch = { items, blob, simd, session, allowNonfinite: false };
  return (await runBatch(model, batch, { jobs, noun: "items" })).results;
}

function rightClasses(
  { info }: Model,
  before: readonly Outputs[],
  after: readonly Outputs[],
  classes: ArrayLike<number> | undefined,
): Quantization["right"] {
  if (classes === undefined) return undefined;
  const width = classOutput(info.outputs)?.width ?? 1;
  const share = (results: readonly Outputs[]) =>
    classify(firstRows(results), classes, width).accuracy;
  return { before: share(before), after: share(after) };
}

function firstRows(results: readonly Outputs[]): Float32Array[] {
  return results.map(([logits]) => logits!.data);
}

// ---- report ------------------------------------------------------------------------------------------

function toReport({ evaluation, hasClasses, right, ...rest }: Quantization) {
  if (evaluation === undefined) return rest;
  const { inputs, sameClasses, meanRelative, maxRelative } = evaluation;
  const error = {
    items: inputs,
    ...(hasClasses && { disagreements: inputs - sameClasses }),
    meanRelative: finiteOrNull(meanRelative),
    maxRelative: finiteOrNull(maxRelative),
    ...(right && { right }),
  };
  return { ...rest, error };
}
