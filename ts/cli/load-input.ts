/**
 * Reads the `--input` of a command into sequences that fit a model. Knows nothing of what they are
 * run for.
 */
import { type Inputs, inputsOf, type ModelInput } from "../open/inputs.js";
import type { Sequences } from "./batch/batch.js";
import { inFile, readBytes } from "./files.js";

/** The inputs of a file. @throws FileProblem, with what is wrong with it: see `inputsOf` */
export function readInputs(
  path: string,
  model: ModelInput,
  allowNonfinite: boolean,
): Promise<Inputs> {
  return inFile(path, () => inputsOf(readBytes(path), model, allowNonfinite));
}

/** Inputs as a batch has them. */
export function inputItems({ sequences, data }: Inputs): Sequences {
  return { kind: "sequences", count: sequences.length, data };
}
