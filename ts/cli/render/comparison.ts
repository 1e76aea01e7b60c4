/** A comparison with a reference as text: which case is how far off, and which operator departs first. */
import type { Model } from "../../core/model.js";
import {
  type Comparison,
  isWithin,
  type Tolerances,
  unitOf,
  warningOf,
} from "../../open/comparison.js";
import { abbreviate } from "../../plain-text.js";
import type { OutputAccuracy, TraceComparison } from "../../profile/index.js";
import { counted, exponential, oneLine } from "../text.js";
import { table } from "./table.js";

const MAX_SHOWN_CASES = 100;
/** As many as a float32 has. */
const SHOWN_DIGITS = 9;

export function renderComparison(
  comparison: Comparison,
  options: Tolerances,
  model: Model,
): string {
  const { all: accuracy, outputs, hasClasses, trace } = comparison;
  const total = accuracy.cases.length;
  const warning = warningOf(comparison, options);
  return (
    `${isWithin(comparison, options) ? "within" : "beyond"} ${exponential(options.tolerance)}: ${counted(total, "case")}, ` +
    `max error ${exponential(accuracy.maxRelative)}, ` +
    `mean ${exponential(accuracy.meanRelative)} of the largest |${unitOf(comparison)}|` +
    (hasClasses ? `, ${accuracy.sameClasses} of ${total} classes equal\n\n` : "\n\n") +
    renderCases(comparison, model) +
    (outputs.length > 1 ? `\n${renderOutputs(outputs)}` : "") +
    (trace === undefined ? "" : renderTrace(trace, options)) +
    (warning === null ? "" : `\nwarning: ${warning}\n`)
  );
}

function renderCases({ all: accuracy, hasClasses, values }: Comparison, model: Model): string {
  const rows = accuracy.cases
    .slice(0, MAX_SHOWN_CASES)
    .map((c, i) => [
      String(i),
      exponential(c.maxRelative),
      exponential(c.meanRelative),
      ...(values?.[i]?.map((value) => value.toPrecision(SHOWN_DIGITS)) ?? []),
      ...(hasClasses ? [className(model, c.classIndex), className(model, c.referenceClass)] : []),
    ]);
  const hidden = accuracy.cases.length - rows.length;
  const named = hasClasses ? ["class", "reference"] : values ? ["value", "reference"] : [];
  const columns = ["case", "max error", "mean error", ...named];
  return (
    table(
      columns,
      columns.map(() => "right"),
      rows,
    ) + (hidden > 0 ? `  and ${hidden} more cases: --json prints them all\n` : "")
  );
}

function renderOutputs(outputs: readonly OutputAccuracy[]): string {
  const rows = outputs.map(({ name, shape, accuracy }) => [
    name,
    `[${shape.join(", ")}]`,
    exponential(accuracy.maxRelative),
    exponential(accuracy.meanRelative),
  ]);
  return table(
    ["output", "shape", "max error", "mean error"],
    ["left", "left", "right", "right"],
    rows,
  );
}

function renderTrace(trace: TraceComparison, options: Tolerances): string {
  const rows = trace.operators.map((operator) => [
    operator.name,
    exponential(operator.maxRelative),
    exponential(operator.meanRelative),
    operator.departs ? "departs" : "",
    operator.reference === operator.name ? "" : operator.reference,
  ]);
  const missing = abbreviate(trace.notCompared.map(oneLine));
  return (
    `\n${counted(rows.length, "operator")} of case 0, ` +
    `${exponential(options.traceTolerance)} of its largest value permitted\n` +
    table(
      ["operator", "max error", "mean error", "", "in the trace"],
      ["left", "right", "right", "left", "left"],
      rows,
    ) +
    (missing === "" ? "" : `  not compared: ${missing}\n`)
  );
}

function className(model: Model, index: number): string {
  const label = model.labels[index];
  return label === undefined ? String(index) : `${index} ${oneLine(label)}`;
}
