/** What quantisation did to a model: bytes, and its error where that was measured. Computes only shares. */
import colors from "picocolors";
import type { Accuracy } from "../../profile/index.js";
import { counted, exponential, grouped, oneLine, percent } from "../text.js";
import { table } from "./table.js";

/** In flash. */
export interface Size {
  readonly blobBytes: number;
  readonly weightsBytes: number;
}

export interface Quantization {
  readonly output: string;
  readonly type: string;
  readonly crc32: string;
  /** In float32, and in the type. */
  readonly before: Size;
  readonly after: Size;
  readonly error?: {
    /** Against float32. */
    readonly accuracy: Accuracy;
    /** Whether the first output says a class. */
    readonly hasClasses: boolean;
    /** Of a labelled set: the share of right classes. */
    readonly right?: { readonly before: number; readonly after: number };
  };
}

export function renderQuantization(quantization: Quantization): string {
  const { output, type, crc32, before, after, error } = quantization;
  const rows = (["weights", "blob"] as const).map((what) => {
    const [from, to] = [before[`${what}Bytes`], after[`${what}Bytes`]];
    return [what, grouped(from), grouped(to), percent(to / from)];
  });
  const columns = ["bytes of flash", "f32", type, "share"];
  return [
    `${colors.bold(oneLine(output))}: ${type}, ${grouped(after.blobBytes)} bytes, CRC-32 ${crc32}\n`,
    table(columns, ["left", "right", "right", "right"], rows),
    ...(error === undefined ? [] : [renderError(error)]),
  ].join("\n");
}

function renderError({ accuracy, hasClasses, right }: NonNullable<Quantization["error"]>): string {
  const shares =
    right === undefined
      ? ""
      : `  right: f32 ${percent(right.before)}, now ${percent(right.after)}\n`;
  return `${colors.bold("AGAINST F32")}\n${renderAccuracy(accuracy, hasClasses)}${shares}`;
}

/** Logits against a reference's, in two lines; without classes in one. */
export function renderAccuracy(
  { cases, sameClasses, meanRelative, maxRelative }: Accuracy,
  hasClasses = true,
): string {
  const classes = hasClasses
    ? `  class differs in ${grouped(cases.length - sameClasses)} of ${counted(cases.length, "item")}\n`
    : "";
  const what = hasClasses ? "the logits, relative to the largest |logit|" : "the outputs, relative";
  return (
    `${classes}  error of ${what}: mean ${exponential(meanRelative)}, ` +
    `max ${exponential(maxRelative)}\n`
  );
}
