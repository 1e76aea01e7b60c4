/**
 * Inputs whose classes are known: the classes in a file, and whether a model says any. Knows nothing of where files
 * are.
 */
import { readNpy } from "../checkpoint/npy.js";
import { BadArgument, BadInput } from "../core/errors.js";
import type { OutputInfo } from "../core/info.js";
import { classOutput } from "../core/outputs.js";

/** A confusion matrix of more is of no use to anyone. */
const MAX_CLASSES = 1000;

/** Of a `.npy` of `count` integers from 0 to `width` - 1. @throws BadFile, BadInput */
export function classesOf(bytes: Uint8Array, count: number, width: number): Int32Array {
  const { data, shape } = readNpy(bytes);
  if (data instanceof Float32Array || shape.length !== 1 || shape[0] !== count) {
    const kind = data instanceof Float32Array ? "floating-point" : "integer";
    throw new BadInput(`integer classes [${count}]`, `${kind} [${shape.join(", ")}]`);
  }
  const wrong = data.findIndex((value) => value < 0 || value >= width);
  if (wrong >= 0) {
    throw new BadInput(`classes from 0 to ${width - 1}`, `${data[wrong]} at [${wrong}]`);
  }
  return data;
}

/** The first output. @throws BadArgument when it says no class */
export function requireClasses(info: { readonly outputs: readonly OutputInfo[] }): OutputInfo {
  const output = classOutput(info.outputs);
  const wanted = "logits of classes";
  if (output === undefined) {
    throw new BadArgument("MODEL", wanted, "rows over time as the first output");
  }
  const { width } = output;
  if (width > MAX_CLASSES) {
    throw new BadArgument("MODEL", `at most ${MAX_CLASSES} classes`, `${width} logits`);
  }
  if (width === 1) throw new BadArgument("MODEL", wanted, "one value (compare checks values)");
  return output;
}
