/** Inputs of a network that are read one by one, and how many of them a calibration takes. Knows no files. */
import type { InputArray } from "../core/input.js";

/** Inputs of a network, read when they are needed. */
export interface InputSource {
  readonly count: number;
  item(index: number): InputArray | Promise<InputArray>;
}

/** Beyond so many inputs ranges hardly grow. */
export const USUAL_INPUTS = 256;

/** At most `most` of them, evenly from all there are. */
export function evenly(
  { count: all, item }: InputSource,
  most: number = USUAL_INPUTS,
): InputSource {
  const count = Math.min(all, most);
  return { count, item: (index) => item(Math.floor((index * all) / count)) };
}
