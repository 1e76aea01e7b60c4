/**
 * How much a network computes and stores, as far as folding can change it. The sizes of plans and
 * the exact counts of a profile come from the core; this only ranks rewrites.
 */
import type { Network, Op, Value } from "../network.js";
import { type Nodes, poolOf, tensorsOf } from "./nodes.js";

export interface Work {
  /** Multiply-adds a frame, and those behind the pool, once a sequence. */
  readonly frame: number;
  readonly end: number;
  /** Elements of all tensors, each counted once. */
  readonly weights: number;
}

/** A mean over frames is a compensated sum: four additions an element, as much as two multiply-adds. */
const MEAN_MACS = 2;
/** Square, scale and weight. */
const NORM_MACS = 3;
/** About what an exponential and a division are. */
const ACTIVATION_MACS = 8;

export function workOf(nodes: Nodes, { inputWidth }: Pick<Network, "inputWidth">): Work {
  const widths = new Map<Value, number>([[0, inputWidth]]);
  const pool = poolOf(nodes);
  let isBehindPool = false;
  let [frame, end] = [0, 0];
  for (const node of nodes) {
    const macs = macsOf(node.op, widths);
    widths.set(node.value, widthOf(node.op, widths));
    if (isBehindPool) end += macs;
    else frame += macs;
    if (node === pool) isBehindPool = true;
  }
  const tensors = new Set(nodes.flatMap(({ op }) => tensorsOf(op)));
  const weights = [...tensors].reduce((sum, { shape }) => sum + elements(shape), 0);
  return { frame, end, weights };
}

/** Less work a frame, or as much and less behind the pool; and in either case no larger. */
export function isBetter(a: Work, b: Work): boolean {
  return a.weights <= b.weights && compareWork(a, b) < 0;
}

/** Negative when `a` is less work. */
export function compareWork(a: Work, b: Work): number {
  return a.frame - b.frame || a.end - b.end;
}

/** Of a Mamba block only the projections that folding can change. */
function macsOf(op: Op, widths: ReadonlyMap<Value, number>): number {
  switch (op.kind) {
    case "linear":
      return elements(op.weight.shape);
    case "mamba":
      return elements(op.inProj.weight.shape) + elements(op.outProj?.weight.shape ?? [0]);
    case "affine":
      return widthOf(op, widths);
    case "norm":
      return NORM_MACS * widthOf(op, widths);
    case "activation":
      return ACTIVATION_MACS * widthOf(op, widths);
    case "pool":
      return op.pool === "mean" ? MEAN_MACS * widthOf(op, widths) : 0;
    default:
      return 0;
  }
}

/** Elements of a row of an op's output. */
function widthOf(op: Op, widths: ReadonlyMap<Value, number>): number {
  switch (op.kind) {
    case "linear":
      return op.weight.shape[0]!;
    case "embedding":
      return op.weight.shape[1]!;
    case "logmel":
      return op.filterBins.shape[0]!;
    case "mamba":
      return (op.outProj?.weight ?? op.aLog).shape[0]!;
    case "add":
      return widths.get(op.inputs[0])!;
    default:
      return widths.get(op.input)!;
  }
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
