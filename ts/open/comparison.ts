/**
 * A model against a reference: which case is how far off, which operator departs first, and whether that is permitted;
 * as data, and as JSON. Knows nothing of files, or of how it is shown.
 */
import type { Model } from "../core/model.js";
import { onlyVector } from "../core/outputs.js";
import { type RunSettings, sessionOptions } from "../core/settings.js";
import { finiteOrNull } from "../json.js";
import { oneLine } from "../plain-text.js";
import {
  type Accuracy,
  compareOutputs,
  compareTrace,
  inModuleShapes,
  moduleShapesOf,
  type OutputsAccuracy,
  type TraceComparison,
} from "../profile/index.js";
import type { Reference } from "./reference.js";

export interface Comparison extends OutputsAccuracy {
  /** Whether the outputs are logits, which say a class. */
  readonly hasClasses: boolean;
  /** Ours and the reference's, case by case, of a network of one value: it has no classes. */
  readonly values?: readonly (readonly [ours: number, reference: number])[];
  readonly trace?: TraceComparison;
}

/** What is permitted. */
export interface Tolerances {
  readonly tolerance: number;
  readonly traceTolerance: number;
}

export interface CompareOptions {
  readonly settings: RunSettings;
  readonly traceTolerance: number;
  /** Before each case. */
  readonly onCase?: (done: number, total: number) => void;
}

/** @throws as `Model.createSession` and `Session.run`; BadInput for a trace of another model */
export function compareWith(
  model: Model,
  { frames, sequences, outputs, trace, isInModuleShapes }: Reference,
  { settings, traceTolerance, onCase }: CompareOptions,
): Comparison {
  const session = model.createSession(sessionOptions(settings, frames));
  try {
    const shapes = isInModuleShapes ? moduleShapesOf(model) : undefined;
    const results = sequences.map((input, i) => {
      onCase?.(i, sequences.length);
      return inModuleShapes(shapes, session.run(input));
    });
    const width = onlyVector(model.info.outputs)?.width;
    const [first] = sequences;
    const isTraced = trace.length > 0 && first !== undefined;
    return {
      ...compareOutputs(results, outputs),
      hasClasses: width !== undefined && width > 1,
      ...(width === 1 && {
        values: results.map(
          ([ours], i) => [Number(ours?.data[0]), Number(outputs[0]?.[i]?.[0])] as const,
        ),
      }),
      ...(isTraced && { trace: compareTrace(model, session, first, trace, traceTolerance) }),
    };
  } finally {
    session.dispose();
  }
}

export function isWithin({ all }: OutputsAccuracy, { tolerance }: Tolerances): boolean {
  return all.maxRelative <= tolerance;
}

/** Where the outputs agree, a trace that departs says something of the trace. */
export function warningOf(comparison: Comparison, tolerances: Tolerances): string | null {
  const departure = comparison.trace?.firstDeparture ?? null;
  if (departure === null || !isWithin(comparison, tolerances)) return null;
  return (
    `the outputs agree, but not the trace, first at ${oneLine(departure)}: ` +
    "it may have been taken elsewhere, before or behind another function (docs/compare.md)"
  );
}

/** What the elements of the outputs are. */
export function unitOf({ hasClasses, values }: Comparison): "logit" | "value" {
  return hasClasses || values !== undefined ? "logit" : "value";
}

const NO_CLASSES = { classIndex: null, referenceClass: null, sameClass: null };

/** As `mambalite compare --json` prints it. */
export function comparisonReport(comparison: Comparison, tolerances: Tolerances) {
  const { all, outputs, hasClasses, trace } = comparison;
  const { cases, sameClasses } = all;
  return {
    cases: cases.map((c) => ({ ...c, ...(!hasClasses && NO_CLASSES), ...errorsOf(c) })),
    ...errorsOf(all),
    sameClasses: hasClasses ? sameClasses : null,
    outputs: Object.fromEntries(
      outputs.map((output) => [
        output.name,
        { ...errorsOf(output.accuracy), cases: output.accuracy.cases.map(errorsOf) },
      ]),
    ),
    tolerance: tolerances.tolerance,
    isWithin: isWithin(comparison, tolerances),
    warning: warningOf(comparison, tolerances),
    trace: trace && {
      ...trace,
      operators: trace.operators.map((operator) => ({ ...operator, ...errorsOf(operator) })),
      tolerance: tolerances.traceTolerance,
    },
  };
}

function errorsOf({ maxRelative, meanRelative }: Pick<Accuracy, "maxRelative" | "meanRelative">) {
  return { maxRelative: finiteOrNull(maxRelative), meanRelative: finiteOrNull(meanRelative) };
}
