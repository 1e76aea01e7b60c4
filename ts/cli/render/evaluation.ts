/** An evaluation as text for a person. Computes nothing but shares of what it shows. */

import { classResults, type Evaluation } from "../../open/evaluation.js";
import { colors } from "../libraries.js";
import { counted, cutOffLine, grouped, oneLine, percent } from "../text.js";
import { renderAccuracy } from "./quantization.js";
import { table } from "./table.js";

/** A matrix of more columns does not fit a terminal. */
const MAX_COLUMNS = 24;

export function renderEvaluation(path: string, evaluation: Evaluation): string {
  const { items, correct, accuracy, saturations, reference } = evaluation;
  const share = colors.bold(`${(100 * accuracy).toFixed(2)} %`);
  return [
    `${colors.bold(oneLine(path))}: ${share} right, ${grouped(correct)} of ${counted(items, "item")}\n${cutOffLine(saturations)}`,
    `${colors.bold("CLASSES")}\n${classes(evaluation)}`,
    `${colors.bold("CONFUSION")}${colors.dim("  (true by predicted, numbered as in the rows)")}\n${confusion(evaluation)}`,
    ...(reference === undefined
      ? []
      : [
          `${colors.bold("REFERENCE")}\n${renderAccuracy({ ...reference, items: reference.cases.length })}`,
        ]),
  ].join("\n");
}

function classes(evaluation: Evaluation): string {
  const rows = classResults(evaluation).map(
    ({ label, items, right, recall, predicted, precision }) => [
      label,
      grouped(items),
      grouped(right),
      share(recall),
      grouped(predicted),
      share(precision),
    ],
  );
  return table(
    ["class", "items", "right", "recall", "predicted", "precision"],
    ["left", "right", "right", "right", "right", "right"],
    rows,
  );
}

function confusion({ labels, confusion: matrix }: Evaluation): string {
  if (labels.length > MAX_COLUMNS) return "  too wide for a terminal: --json prints it\n";
  const numbers = labels.map((_, index) => String(index + 1));
  const rows = labels.map((label, index) => [
    numbers[index]!,
    label,
    ...matrix[index]!.map((count) => (count === 0 ? "·" : grouped(count))),
  ]);
  return table(
    ["", "", ...numbers],
    ["right", "left", ...numbers.map(() => "right" as const)],
    rows,
  );
}

function share(value: number | undefined): string {
  return value === undefined ? "" : percent(value);
}
