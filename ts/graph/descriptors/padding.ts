/** Rows that a window op sees before the first and behind the last one, as PyTorch's layers say it. */
import { BadArgument } from "../../core/errors.js";

/** A number of rows on both sides; "same": as many rows come out as went in; "causal": all of them before. */
export type Padding = number | "same" | "causal";

/** @throws BadArgument when a window could lie in the padding alone */
export function paddingOf(
  name: string,
  padding: Padding,
  span: number,
): { readonly before: number; readonly after: number } {
  if (padding === "causal") return { before: span - 1, after: 0 };
  if (padding === "same") {
    const before = Math.floor((span - 1) / 2);
    return { before, after: span - 1 - before };
  }
  if (padding >= span) {
    const expected = `less than the ${span} rows of a window`;
    throw new BadArgument(`padding of op ${name}`, expected, String(padding));
  }
  return { before: padding, after: padding };
}
