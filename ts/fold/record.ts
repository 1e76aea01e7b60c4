/**
 * What folding did to a model, as its blob records it: the steps, and multiply-adds and bytes before
 * and after, counted by the core. Knows nothing of how folding works.
 */
import type { Model } from "../core/model.js";
import type { FoldStep } from "./rewrites.js";

export interface FoldRecord {
  readonly before: FoldCounts;
  readonly after: FoldCounts;
  readonly steps: readonly FoldStep[];
}

export interface FoldCounts {
  readonly macsPerFrame: number;
  /** Behind the pool, once a sequence. */
  readonly macsAtEnd: number;
  /** Of tensor data in the blob, padding included. */
  readonly weightsBytes: number;
}

/** The member of a blob's metadata that holds the record. */
export const FOLD_METADATA = "fold";

/**
 * From the counts of two lengths, of which the longer one is a multiple of every rate in the network
 * longer; a network of one length only has no frame of its own, and its work is shared out among all.
 */
export function countsOf(model: Model, shorter: number, longer: number): FoldCounts {
  const weightsBytes = model.tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  const least = macsOf(model, shorter);
  const macsPerFrame =
    longer > shorter
      ? Math.round((macsOf(model, longer) - least) / (longer - shorter))
      : Math.floor(least / shorter);
  return { macsPerFrame, macsAtEnd: Math.max(0, least - macsPerFrame * shorter), weightsBytes };
}

function macsOf(model: Model, frames: number): number {
  return model.operatorCounts(frames).reduce((sum, { macs }) => sum + macs, 0);
}

/** The record in a blob's metadata; undefined when there is none of this form. */
export function readFoldRecord(
  metadata: Readonly<Record<string, unknown>>,
): FoldRecord | undefined {
  const record = metadata[FOLD_METADATA];
  if (!isObject(record) || !Array.isArray(record.steps)) return undefined;
  const { before, after, steps } = record;
  if (!isCounts(before) || !isCounts(after) || !steps.every(isStep)) return undefined;
  return { before, after, steps };
}

function isCounts(value: unknown): value is FoldCounts {
  if (!isObject(value)) return false;
  const { macsPerFrame, macsAtEnd, weightsBytes } = value;
  return [macsPerFrame, macsAtEnd, weightsBytes].every(Number.isSafeInteger);
}

function isStep(value: unknown): value is FoldStep {
  if (!isObject(value) || !Array.isArray(value.others)) return false;
  const { kind, op, others } = value;
  const isKind = kind === "multiplied" || kind === "pooled first";
  return isKind && [op, ...others].every((name) => typeof name === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
