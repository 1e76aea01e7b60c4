/** `mambalite compare`: a model's outputs, and with a trace every operator, against a reference. */

import { BadArgument, BeyondTolerance } from "../../core/errors.js";
import type { Model } from "../../core/model.js";
import type { RunSettings } from "../../core/settings.js";
import { toJson } from "../../json.js";
import {
  type Comparison,
  compareWith,
  comparisonReport,
  isWithin,
  type Tolerances,
  unitOf,
} from "../../open/comparison.js";
import { type Reference, readReference, referenceInside } from "../../open/reference.js";
import { FailedWithReport } from "../failure.js";
import { findGolden } from "../load-golden.js";
import { type ModelChoice, type OpenModel, withModel } from "../load-model.js";
import { checkExecution } from "../options.js";
import { startProgress } from "../progress.js";
import { renderComparison } from "../render/comparison.js";
import { exponential, oneLine } from "../text.js";

export interface CompareOptions extends ModelChoice, RunSettings {
  /** Default: the references inside the model's file. */
  readonly golden?: readonly string[];
  /** Default: 2e-6, or as the file's references allow. */
  readonly tolerance?: number;
  readonly traceTolerance: number;
  readonly json?: boolean;
}

export async function compare(path: string, options: CompareOptions): Promise<string> {
  checkExecution(options);
  return withModel(path, { ...options, comparesItself: true }, async (open) => {
    const { model } = open;
    const reference =
      options.golden === undefined
        ? referenceOf(path, open)
        : await readReference(await findGolden(options.golden, model), model);
    const { tolerance = reference.tolerance, traceTolerance } = options;
    const progress = startProgress(reference.sequences.length, "inputs");
    try {
      const comparison = compareWith(model, reference, {
        ...{ settings: options, traceTolerance },
        onCase: (done) => progress.done(done),
      });
      return resultOf(comparison, { tolerance, traceTolerance }, model, options.json === true);
    } finally {
      progress.stop();
    }
  });
}

/** @throws BadArgument when the file has none */
function referenceOf(path: string, { model, exported }: OpenModel): Reference {
  if (exported !== undefined) return referenceInside(model, exported);
  const expected = "a folder of references, as only files of mambalite_torch.export hold their own";
  throw new BadArgument("--golden", expected, `nothing, and ${path} without references`);
}

/** @throws FailedWithReport (BeyondTolerance) with the table, when the outputs are too far off */
function resultOf(
  comparison: Comparison,
  tolerances: Tolerances,
  model: Model,
  isJson: boolean,
): string {
  const report = isJson
    ? comparisonReport(comparison, tolerances)
    : renderComparison(comparison, tolerances, model);
  if (!isWithin(comparison, tolerances)) throw beyond(comparison, tolerances, report);
  return typeof report === "string" ? report : toJson(report);
}

/** The error of a comparison, with its report. @param advice what to do about it */
export function beyond(
  comparison: Comparison,
  tolerances: Tolerances,
  report: string | object,
  advice = "",
): FailedWithReport {
  const { tolerance } = tolerances;
  const { maxRelative } = comparison.all;
  const detail = differenceText(comparison, tolerances) + advice;
  const error = new BeyondTolerance("the reference", { maxRelative, tolerance }, detail);
  return new FailedWithReport(error, report);
}

function differenceText(comparison: Comparison, { tolerance }: Tolerances): string {
  const { all: accuracy, outputs, hasClasses, trace } = comparison;
  const worst = accuracy.cases.findIndex((c) => c.maxRelative === accuracy.maxRelative);
  const where = outputs.find((output) => output.accuracy.maxRelative === accuracy.maxRelative);
  const output = outputs.length > 1 ? ` of output ${oneLine(where?.name ?? "")}` : "";
  const differing = accuracy.cases.length - accuracy.sameClasses;
  const departure = trace?.firstDeparture ?? null;
  const parts = [
    `max error ${exponential(accuracy.maxRelative)} of the largest |${unitOf(comparison)}| in case ` +
      `${worst}${output}, tolerance ${exponential(tolerance)}`,
    ...(hasClasses ? [`${differing} of ${accuracy.cases.length} classes differ`] : []),
    ...(departure === null ? [] : [`first operator that departs: ${oneLine(departure)}`]),
  ];
  return parts.join("; ");
}
