/**
 * What the MODEL of a command line names: a file, or a bundled model. Knows nothing of what is in
 * either.
 */
import { fileURLToPath } from "node:url";
import { BUNDLED_MODELS, type BundledStream } from "../models/node.js";
import { isFileLike } from "./files.js";

export interface ModelFiles {
  readonly model: string;
  /** Those of a bundled checkpoint. */
  readonly frontend?: string;
  readonly labels?: string;
}

export const BUNDLED_NAMES: readonly string[] = [
  ...BUNDLED_MODELS.map(({ name }) => name),
  ...BUNDLED_MODELS.map(({ integers }) => integers.name),
];

/** The name of the same network in integers; undefined for files, and for what is in integers already. */
export function twinOf(name: string): string | undefined {
  return isFileLike(name) ? undefined : bundledModel(name)?.integers.name;
}

/** How a bundled model is driven over streams, if it was trained for them. */
export function streamOf(name: string): BundledStream | undefined {
  return isFileLike(name) ? undefined : bundledModel(name)?.stream;
}

/** An input of a bundled model, or of its twin: the first of its examples. */
export function exampleOf(name: string): string | undefined {
  if (isFileLike(name)) return undefined;
  const bundled = BUNDLED_MODELS.find((model) => [model.name, model.integers.name].includes(name));
  return bundled && fileURLToPath(bundled.examples[0]!.url);
}

function bundledModel(name: string) {
  return BUNDLED_MODELS.find((model) => model.name === name);
}

/** A file of that name goes before the bundled model. A twin in integers has no checkpoint. */
export function locateModel(name: string, asCheckpoint: boolean): ModelFiles {
  if (isFileLike(name)) return { model: name };
  const twin = BUNDLED_MODELS.find(({ integers }) => integers.name === name)?.integers;
  if (twin !== undefined) return { model: fileURLToPath(twin.blob) };
  const bundled = bundledModel(name);
  if (bundled === undefined) return { model: name };
  if (!asCheckpoint) return { model: fileURLToPath(bundled.blob) };
  return {
    model: fileURLToPath(bundled.checkpoint),
    frontend: fileURLToPath(bundled.frontEnd),
    labels: fileURLToPath(bundled.labels),
  };
}
