/** `mambalite compare`: a model's logits, and with a trace every operator, against a reference. */
import { MambaliteError } from "../../core/errors.js";
import type { Model } from "../../core/model.js";
import {
  type Accuracy,
  compareLogits,
  compareTrace,
  type TraceComparison,
} from "../../profile/index.js";
import { finiteOrNull, toJson } from "../json.js";
import { findGolden, readReferenceLogits, readTrace } from "../load-golden.js";
import { type Inputs, readInputs } from "../load-input.js";
import { type ModelChoice, withModel } from "../load-model.js";
import { checkExecution, type ExecutionChoice, sessionOptions } from "../options.js";
import { mapWithProgress } from "../progress.js";
import { table } from "../render/table.js";
import { counted, exponential, oneLine } from "../text.js";

export interface CompareOptions extends ModelChoice, ExecutionChoice {
  readonly golden: readonly string[];
  readonly tolerance: number;
  readonly traceTolerance: number;
  readonly json?: boolean;
}

/** The model's results are further from the reference than permitted. */
export class BeyondTolerance extends MambaliteError {
  readonly code = "BEYOND_TOLERANCE";
}

interface Comparison {
  readonly accuracy: Accuracy;
  /** Ours and the reference's, case by case, of a network of one value: it has no classes. */
  readonly values?: readonly (readonly [ours: number, reference: number])[];
  readonly trace?: TraceComparison;
}

export async function compare(path: string, options: CompareOptions): Promise<string> {
  checkExecution(options);
  const golden = findGolden(options.golden);
  return withModel(path, options, async ({ model }) => {
    const inputs = await readInputs(golden.inputPath, model.info, false);
    const reference = await readReferenceLogits(
      golden.logitsPath,
      inputs.sequences.length,
      model.info.logits,
    );
    const trace = golden.tracePath === undefined ? undefined : await readTrace(golden.tracePath);
    const session = model.createSession(sessionOptions(options, inputs.frames));
    try {
      const logits = mapWithProgress(inputs.sequences, "inputs", (input) => session.run(input));
      const comparison: Comparison = {
        accuracy: compareLogits(logits, reference),
        ...(model.info.logits === 1 && {
          values: logits.map(([ours], i) => [Number(ours), Number(reference[i]?.[0])] as const),
        }),
        ...(trace && {
          trace: compareTrace(model, session, firstOf(inputs), trace, options.traceTolerance),
        }),
      };
      requireWithin(comparison, options);
      return options.json
        ? toJson(toReport(comparison, options))
        : render(comparison, options, model);
    } finally {
      session.dispose();
    }
  });
}

/** A trace is of one sequence: the first. */
function firstOf(inputs: Inputs): Float32Array | Int32Array {
  return inputs.sequences[0] as Float32Array | Int32Array;
}

function requireWithin({ accuracy, values, trace }: Comparison, options: CompareOptions): void {
  const departure = trace?.firstDeparture ?? null;
  const differing = accuracy.cases.length - accuracy.sameClasses;
  const isWithin = accuracy.maxRelative <= options.tolerance;
  if (isWithin && departure === null) return;
  const worst = accuracy.cases.findIndex((c) => c.maxRelative === accuracy.maxRelative);
  const parts = [
    `max error ${exponential(accuracy.maxRelative)} of the largest |logit| in case ${worst}, ` +
      `tolerance ${exponential(options.tolerance)}`,
  ];
  if (values === undefined) parts.push(`${differing} of ${accuracy.cases.length} classes differ`);
  if (departure !== null) parts.push(`first operator that departs: ${oneLine(departure)}`);
  parts.push("a larger --tolerance or --trace-tolerance prints every case");
  throw new BeyondTolerance(`differs from the reference: ${parts.join("; ")}`);
}

const NO_CLASSES = { classIndex: null, referenceClass: null, sameClass: null };

function toReport({ accuracy, values, trace }: Comparison, options: CompareOptions) {
  const { cases, maxRelative, meanRelative, sameClasses } = accuracy;
  return {
    cases: cases.map((c) => ({
      ...c,
      ...(values && NO_CLASSES),
      maxRelative: finiteOrNull(c.maxRelative),
      meanRelative: finiteOrNull(c.meanRelative),
    })),
    maxRelative: finiteOrNull(maxRelative),
    meanRelative: finiteOrNull(meanRelative),
    sameClasses: values === undefined ? sameClasses : null,
    tolerance: options.tolerance,
    trace: trace && {
      ...trace,
      operators: trace.operators.map((operator) => ({
        ...operator,
        maxRelative: finiteOrNull(operator.maxRelative),
        meanRelative: finiteOrNull(operator.meanRelative),
      })),
      tolerance: options.traceTolerance,
    },
  };
}

const MAX_SHOWN_CASES = 100;
/** As many as a float32 has. */
const SHOWN_DIGITS = 9;

function render(
  { accuracy, values, trace }: Comparison,
  options: CompareOptions,
  model: Model,
): string {
  const rows = accuracy.cases
    .slice(0, MAX_SHOWN_CASES)
    .map((c, i) => [
      String(i),
      exponential(c.maxRelative),
      exponential(c.meanRelative),
      ...(values?.[i]?.map((value) => value.toPrecision(SHOWN_DIGITS)) ?? [
        className(model, c.classIndex),
        className(model, c.referenceClass),
      ]),
    ]);
  const hidden = accuracy.cases.length - rows.length;
  const total = accuracy.cases.length;
  return (
    `within ${exponential(options.tolerance)}: ${counted(total, "case")}, ` +
    `max error ${exponential(accuracy.maxRelative)}, ` +
    `mean ${exponential(accuracy.meanRelative)} of the largest |logit|` +
    (values === undefined ? `, ${accuracy.sameClasses} of ${total} classes equal\n\n` : "\n\n") +
    table(
      ["case", "max error", "mean error", values === undefined ? "class" : "value", "reference"],
      ["right", "right", "right", "right", "right"],
      rows,
    ) +
    (hidden > 0 ? `  and ${hidden} more cases: --json prints them all\n` : "") +
    (trace === undefined ? "" : renderTrace(trace, options))
  );
}

function renderTrace(trace: TraceComparison, options: CompareOptions): string {
  const rows = trace.operators.map((operator) => [
    operator.name,
    exponential(operator.maxRelative),
    exponential(operator.meanRelative),
  ]);
  const missing = trace.notCompared.map(oneLine).join(", ");
  return (
    `\n${counted(rows.length, "operator")} of case 0, each within ` +
    `${exponential(options.traceTolerance)} of its largest value\n` +
    table(["operator", "max error", "mean error"], ["left", "right", "right"], rows) +
    (missing === "" ? "" : `  not compared: ${missing}\n`)
  );
}

function className(model: Model, index: number): string {
  const label = model.labels[index];
  return label === undefined ? String(index) : `${index} ${oneLine(label)}`;
}
