/**
 * What the MODEL of a command line names: a file, or a bundled model. Knows nothing of what is in
 * either.
 */
import { fileURLToPath } from "node:url";
import { BUNDLED_MODELS } from "../models/index.js";
import { isFileLike } from "./files.js";

export interface ModelFiles {
  readonly model: string;
  /** Those of a bundled checkpoint. */
  readonly frontend?: string;
  readonly labels?: string;
}

export const BUNDLED_NAMES: readonly string[] = BUNDLED_MODELS.map(({ name }) => name);

/** A file of that name goes before the bundled model. */
export function locateModel(name: string, asCheckpoint: boolean): ModelFiles {
  const bundled = BUNDLED_MODELS.find((model) => model.name === name);
  if (bundled === undefined || isFileLike(name)) return { model: name };
  if (!asCheckpoint) return { model: fileURLToPath(bundled.blob) };
  return {
    model: fileURLToPath(bundled.checkpoint),
    frontend: fileURLToPath(bundled.frontEnd),
    labels: fileURLToPath(bundled.labels),
  };
}
