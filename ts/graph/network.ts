/**
 * The network between a checkpoint and a blob: a list of operators in execution order, each reading
 * values made by earlier ones. Plain data. Knows nothing of file formats, of packing, or of how anything is
 * computed.
 *
 * Value 0 is the network's input, value n the output of `ops[n - 1]`. A value is a *sequence* (rows over time)
 * or a *vector* (one row, behind a pool). An op that treats every row by itself (linear, norm, activation,
 * add, ...) makes a vector where all that it reads are vectors; add, multiply, ... and concat read vectors
 * beside sequences, at every row. Branches may be of any delay and rate: the writer (ts/blob) brings their
 * rows together, orders ops by when they can run, and refuses by name what can never meet.
 *
 * All kinds of ops, with their fields and tensors, are in descriptors/, one entry each; `Op` is their union.
 * What is left out of an op has the default of its field there. The same `Tensor` object in several places
 * means tied weights: it is stored once for each way in which it is packed, so that e.g. one Mamba's weights
 * may serve both directions. To make a network: push ops, `formOf(op, widths)` checks each and gives sizes,
 * `valuesOf(network)` (graph/values.ts) gives width and place of every value.
 */
import type { Op } from "./descriptors/index.js";
import type { ModuleShapes } from "./shapes.js";
import type { Value } from "./tensor.js";

export interface NetworkOutput {
  /** Unique. */
  readonly name: string;
  /** A sequence or a vector; not the network's input. */
  readonly value: Value;
}

export interface Network {
  /** "frames": float32 [T, inputWidth]. "tokens": int32 [T]. "samples": float32 [T] in [-1, 1). */
  readonly inputKind: "frames" | "tokens" | "samples";
  /** Width of one input frame; 1 for tokens and samples. */
  readonly inputWidth: number;
  readonly ops: readonly Op[];
  /** Default: the last op's value, named "output". */
  readonly outputs?: readonly NetworkOutput[];
  /** Frames that the network is defined for, where it is for fewer than its ops allow (a table of positions,
   * a flatten head): as it was trained. */
  readonly minFrames?: number;
  readonly maxFrames?: number;
  /** One name an element of the first output, if known. */
  readonly labels?: readonly string[];
  /** The naming convention it was recognised by: "paper", "stack", "mamba_ssm", ... */
  readonly convention: string;
  /** What the file did not say and was assumed, a sentence each. */
  readonly assumptions?: readonly string[];
  /** How the module's own inputs and outputs lie, where the file says so; recorded, not used here. */
  readonly shapes?: ModuleShapes;
}

/** Name of the only output where none is given. */
export const DEFAULT_OUTPUT = "output";

export function outputsOf({
  outputs,
  ops,
}: Pick<Network, "outputs" | "ops">): readonly NetworkOutput[] {
  return outputs ?? [{ name: DEFAULT_OUTPUT, value: ops.length }];
}

export type { AttentionOp } from "./descriptors/attention.js";
export type { Conv2dOp, Pool2dOp } from "./descriptors/bands.js";
export type { Conv1dOp } from "./descriptors/convolution.js";
export type { EmbeddingOp, LogmelOp } from "./descriptors/front-end.js";
export type { Op, OpKind } from "./descriptors/index.js";
export type { AffineOp, BatchNormOp, LinearOp, NormOp } from "./descriptors/layers.js";
export type { GateOp, MambaOp } from "./descriptors/mamba.js";
export type { Mamba2Op } from "./descriptors/mamba2.js";
export type {
  AttentionPoolOp,
  FlattenLinearOp,
  FlattenOp,
  PoolOp,
} from "./descriptors/outputs.js";
export type { Padding } from "./descriptors/padding.js";
export type { GruOp, LstmOp } from "./descriptors/recurrent.js";
export type {
  ActivationOp,
  ArithmeticOp,
  ConcatOp,
  SliceOp,
  SoftmaxOp,
} from "./descriptors/rows.js";
export type { Layer, ScanParts, SelectiveScanOp, XProjOrder } from "./descriptors/scan.js";
export type {
  InsertRowOp,
  Layout,
  PositionsOp,
  ReverseOp,
  SequenceNormOp,
  TransposeOp,
  UnfoldOp,
  UpsampleOp,
  WindowPoolOp,
} from "./descriptors/time.js";
export type { Tensor, Value } from "./tensor.js";
