/**
 * The files of a reference: what scripts/golden calls those of inputs and outputs, and the shapes that their
 * arrays may have. Knows nothing of where files are, or of what is compared.
 */
import { BadInput } from "./core/errors.js";
import type { OutputInfo } from "./core/info.js";

export const INPUT_FILES: readonly string[] = ["input.npy", "inputs.npy"];
/** Of an only output, best first. */
const LOGITS_FILES = ["logits_float64.npy", "logits.npy", "logits_float32.npy"];

/** What the file of an output may be called, best first. */
export function outputFiles({ name }: Pick<OutputInfo, "name">, isOnly: boolean): string[] {
  const own = [`${name}_float64.npy`, `${name}.npy`, `${name}_float32.npy`];
  return isOnly ? [...LOGITS_FILES, ...own] : own;
}

/**
 * Of one output, the reference's elements of each case, whose `shape` is known.
 * @throws BadInput when the array has neither that shape for each case nor, for an only case, that shape
 */
export function referenceCases(
  { data, shape: found }: { readonly data: Float64Array; readonly shape: readonly number[] },
  cases: number,
  shape: readonly number[],
): Float64Array[] {
  const all = [cases, ...shape];
  const isOneCase = cases === 1 && isSame(found, shape);
  if (!isOneCase && !isSame(found, all)) {
    const what = shape.length === 1 ? "logits" : "rows";
    throw new BadInput(`${what} [${all.join(", ")}]`, `[${found.join(", ")}]`);
  }
  const length = data.length / cases;
  return Array.from({ length: cases }, (_, i) => data.subarray(i * length, (i + 1) * length));
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}
