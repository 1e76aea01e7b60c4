/**
 * Files that somebody gives without saying what they are: a model with what goes with it, an input, or a reference;
 * told apart by their names. Knows nothing of what is in them.
 */
import type { OutputInfo } from "../core/info.js";
import { baseName } from "./files.js";
import { isArrayOrClip, isNamedOutput, outputFiles } from "./reference-names.js";

const MODEL = /\.(pth|pt|safetensors|mlm|bin|ckpt)$/i;
/** An arch file, a front end, labels, or a model's config.json. */
const COMPANION = /\.json$/i;

interface Named {
  readonly path: string;
}

export type Dropped<F extends Named> =
  | { readonly kind: "nothing" }
  /** Without a `model` there is nothing to open that is called so: the first file is tried. */
  | { readonly kind: "model"; readonly model: F; readonly companions: readonly F[] }
  | { readonly kind: "input"; readonly file: F }
  | { readonly kind: "reference"; readonly files: readonly F[] };

/** @param outputs of the model that is open; undefined: none is */
export function sortDropped<F extends Named>(
  files: readonly F[],
  outputs: readonly Pick<OutputInfo, "name">[] | undefined,
): Dropped<F> {
  const [first] = files;
  if (first === undefined) return { kind: "nothing" };
  if (outputs !== undefined && files.some(({ path }) => isOutput(path, outputs))) {
    return { kind: "reference", files };
  }
  if (outputs !== undefined && files.length === 1 && isArrayOrClip(first.path)) {
    return { kind: "input", file: first };
  }
  return sortModel(files);
}

/** A model, and what goes with it. */
export function sortModel<F extends Named>(files: readonly F[]): Dropped<F> {
  const companions = files.filter(({ path }) => COMPANION.test(path));
  const others = files.filter((file) => !companions.includes(file));
  const model = others.find(({ path }) => MODEL.test(path)) ?? others[0];
  return model === undefined ? { kind: "nothing" } : { kind: "model", model, companions };
}

function isOutput(path: string, outputs: readonly Pick<OutputInfo, "name">[]): boolean {
  const isNamed = outputs.some((output) =>
    outputFiles(output, outputs.length === 1).includes(baseName(path)),
  );
  return isNamed || (/^(logits|output)/.test(baseName(path)) && isNamedOutput(path));
}
