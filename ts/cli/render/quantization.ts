/** What quantisation did to a model: bytes, and its error where that was measured. Computes only shares. */

import type { WeightsReport } from "../../quantize/index.js";
import { colors } from "../libraries.js";
import { counted, exponential, grouped, oneLine, percent } from "../text.js";
import { table } from "./table.js";

export interface Quantization extends WeightsReport {
  readonly output: string;
  readonly type: string;
  /** Of a labelled set: the share of right classes, in float32 and now. */
  readonly right?: { readonly before: number; readonly after: number };
}

export function renderQuantization(quantization: Quantization): string {
  const { output, type, crc32, before, after, boards } = quantization;
  const rows = (["weights", "blob"] as const).map((what) => {
    const [from, to] = [before[`${what}Bytes`], after[`${what}Bytes`]];
    return [what, grouped(from), grouped(to), percent(to / from)];
  });
  const columns = ["bytes of flash", "f32", type, "share"];
  return [
    `${colors.bold(oneLine(output))}: ${type}, ${grouped(after.blobBytes)} bytes, CRC-32 ${crc32}\n`,
    table(columns, ["left", "right", "right", "right"], rows) +
      (boards.length === 0 ? "" : `  now fits ${boards.join(", ")}\n`),
    ...renderError(quantization),
  ].join("\n");
}

function renderError({ evaluation, hasClasses, right }: Quantization): string[] {
  if (evaluation === undefined) return [];
  const shares =
    right === undefined
      ? ""
      : `  right: f32 ${percent(right.before)}, now ${percent(right.after)}\n`;
  const error = renderAccuracy({ ...evaluation, items: evaluation.inputs }, hasClasses);
  return [`${colors.bold("AGAINST F32")}\n${error}${shares}`];
}

/** Of how many items the class was the same, and the errors of all of them. */
export interface ErrorSummary {
  readonly items: number;
  readonly sameClasses: number;
  readonly meanRelative: number;
  readonly maxRelative: number;
}

/** Logits against a reference's, in two lines; without classes in one. */
export function renderAccuracy(
  { items, sameClasses, meanRelative, maxRelative }: ErrorSummary,
  hasClasses = true,
): string {
  const classes = hasClasses
    ? `  class differs in ${grouped(items - sameClasses)} of ${counted(items, "item")}\n`
    : "";
  const what = hasClasses ? "the logits, relative to the largest |logit|" : "the outputs, relative";
  return (
    `${classes}  error of ${what}: mean ${exponential(meanRelative)}, ` +
    `max ${exponential(maxRelative)}\n`
  );
}
