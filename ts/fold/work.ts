/**
 * How much a network computes and stores, as far as folding can change it. The sizes of plans and
 * the exact counts of a profile come from the core; this only ranks rewrites.
 */
import { descriptorOf } from "../graph/descriptors/index.js";
import { inputsOf, tensorsOf } from "../graph/form.js";
import type { Network } from "../graph/network.js";
import { infosOf, type Nodes } from "../graph/nodes.js";
import { elementsOf } from "../graph/tensor.js";

export interface Work {
  /** Multiply-adds a frame, and those on vectors, once a sequence. */
  readonly frame: number;
  readonly end: number;
  /** Elements of all tensors, each counted once. */
  readonly weights: number;
}

export function workOf(nodes: Nodes, { inputWidth }: Pick<Network, "inputWidth">): Work {
  const infos = infosOf(nodes, inputWidth);
  let [frame, end] = [0, 0];
  for (const { op, value } of nodes) {
    const form = infos.get(value)?.form;
    const macs = form === undefined ? 0 : (descriptorOf(op).work?.(form) ?? 0);
    if (inputsOf(op).every((input) => infos.get(input)?.isVector)) end += macs;
    else frame += macs;
  }
  const tensors = new Set(nodes.flatMap(({ op }) => tensorsOf(op)));
  const weights = [...tensors].reduce((sum, { shape }) => sum + elementsOf(shape), 0);
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
