/** `mambalite eval`: a model over a whole labelled set: accuracy, confusions, and a reference. */

import { readNpyFloat64 } from "../../checkpoint/index.js";
import { BadArgument } from "../../core/errors.js";
import type { Model } from "../../core/model.js";
import { type RunSettings, sessionOptions } from "../../core/settings.js";
import { toJson } from "../../json.js";
import { evaluationOf, evaluationReport } from "../../open/evaluation.js";
import { requireClasses } from "../../open/labelled.js";
import { referenceCases } from "../../open/reference.js";
import { runBatch } from "../batch/run-batch.js";
import { inFile, readBytes } from "../files.js";
import { findDataset, type LabelledItems, readLabelledInputs } from "../load-labelled.js";
import { type ModelChoice, withModel } from "../load-model.js";
import { checkExecution } from "../options.js";
import { renderEvaluation } from "../render/evaluation.js";

export interface EvalOptions extends Omit<ModelChoice, "labels">, RunSettings {
  readonly inputs?: string;
  /** The .npy of classes that goes with `inputs`, and the names that go with a checkpoint. */
  readonly labels?: readonly string[];
  readonly dataset?: string;
  readonly samples?: number;
  readonly reference?: string;
  readonly jobs?: number;
  readonly json?: boolean;
}

const JSON_START_BYTES = 64;

export async function evalCommand(path: string, options: EvalOptions): Promise<string> {
  checkExecution(options);
  const { classes, names } = splitLabels(options);
  const { labels: _, ...rest } = options;
  const choice: ModelChoice = { ...rest, ...(names !== undefined && { labels: names }) };
  return withModel(path, choice, async ({ model, blob }) => {
    const { width } = requireClasses(model.info);
    const labelled = await findItems(model, options, classes);
    const { items, frames } = labelled;
    const reference = await readLogits(options.reference, items.count, width);
    const session = sessionOptions(options, frames);
    const { simd = "auto", jobs } = options;
    const batch = { items, blob, simd, session, allowNonfinite: false };
    const ran = await runBatch(model, batch, { jobs, noun: "items" });
    const evaluation = evaluationOf(model, ran, labelled.classes, reference);
    return options.json ? toJson(evaluationReport(evaluation)) : renderEvaluation(path, evaluation);
  });
}

/** A reference's logits of each item. @throws FileProblem */
async function readLogits(path: string | undefined, items: number, width: number) {
  if (path === undefined) return undefined;
  return inFile(path, () => referenceCases(readNpyFloat64(readBytes(path)), items, [width]));
}

/** `--labels` may be given twice: JSON is names, anything else should be classes. */
function splitLabels({ labels = [] }: EvalOptions): { classes?: string; names?: string } {
  const [names, ...moreNames] = labels.filter(isJson);
  const [classes, ...moreClasses] = labels.filter((path) => path !== names);
  if (moreClasses.length + moreNames.length > 0) {
    throw new BadArgument("--labels", "one .npy of classes, one .json of names", labels.join(" "));
  }
  return { ...(classes !== undefined && { classes }), ...(names !== undefined && { names }) };
}

function isJson(path: string): boolean {
  const start = new TextDecoder().decode(readBytes(path).subarray(0, JSON_START_BYTES));
  return /^\s*[[{]/.test(start);
}

async function findItems(
  model: Model,
  { inputs, dataset, samples }: EvalOptions,
  classes: string | undefined,
): Promise<LabelledItems> {
  const wanted = "--inputs with --labels, or --dataset";
  if (dataset !== undefined) {
    if (inputs !== undefined) throw new BadArgument("eval", wanted, "--inputs and --dataset");
    if (classes !== undefined) throw new BadArgument("eval", wanted, "--dataset with --labels");
    return findDataset(dataset, model, samples);
  }
  if (samples !== undefined) {
    throw new BadArgument("--samples", "--dataset with it", "--inputs, whose length is known");
  }
  if (inputs === undefined) throw new BadArgument("eval", wanted, "neither");
  if (classes === undefined) throw new BadArgument("eval", wanted, "--inputs without --labels");
  return readLabelledInputs(inputs, classes, model);
}
