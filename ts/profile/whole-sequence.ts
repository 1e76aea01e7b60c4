/**
 * What a network pays for seeing whole sequences: which ops force it, the bytes of it, and what the same
 * network would need without. All of it follows from the model and its plan.
 */

import type { OpInfo } from "../core/info.js";
import type { Model } from "../core/model.js";
import type { Plan } from "../core/plan.js";
import { primitiveOfName } from "../graph/descriptors/index.js";

export interface WholeSequence {
  /** Ops that begin with a sequence only when all of it is there, by name. */
  readonly forcedBy: readonly string[];
  /** Ops whose work grows with the square of the sequence's length, by name. */
  readonly growsWithSquare: readonly string[];
  /** Longest sequence in frames that the plan has room for. */
  readonly maxFrames: number;
  /** Of the arena: buffers with rows of the whole sequence. */
  readonly bytes: number;
  /** The arena less those buffers: what it would be if none of these ops were there. */
  readonly arenaBytesWithout: number;
}

/** Undefined for a network that streams from end to end. */
export function wholeSequenceOf(
  { info, ops }: Pick<Model, "info" | "ops">,
  { maxFrames, wholeBytes, arenaBytes }: Plan,
): WholeSequence | undefined {
  if (!info.needsMaxFrames) return undefined;
  return {
    forcedBy: ops.filter((op) => startsLate(op, ops)).map(({ name }) => name),
    growsWithSquare: ops
      .filter(({ kind }) => primitiveOfName(kind)?.growsWithSquare === true)
      .map(({ name }) => name),
    maxFrames,
    bytes: wholeBytes,
    arenaBytesWithout: arenaBytes - wholeBytes,
  };
}

/** Whether all rows that an op reads are of earlier stages: it is not late because of what it reads. */
function startsLate({ inputs, stage }: OpInfo, ops: readonly OpInfo[]): boolean {
  const stages = inputs.flatMap((value) => {
    const source = ops[value - 1];
    if (source === undefined) return [0]; // the model's input
    return source.isSequence ? [source.stage] : [];
  });
  return stages.length > 0 && stages.every((made) => made < stage);
}
