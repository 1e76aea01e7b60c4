/**
 * Folding: rewrites a network so that it computes the same with less. A linear layer, or a scale and
 * shift, that feeds only linear layers is multiplied into them, biases included; a pool that a linear
 * layer may stand behind is moved before it. It changes the bits of the logits, so it is done when a
 * blob is made and is a property of the blob. Products are made in double and rounded once.
 */
import { isFiniteProduct, settled } from "../graph/derived.js";
import { mapTensors, tensorsOf } from "../graph/form.js";
import type { Network } from "../graph/network.js";
import { type Nodes, networkOf, nodesOf, outputValues } from "../graph/nodes.js";
import { prepared } from "../graph/prepare.js";
import { type FoldStep, possibleRewrites, type Rewrite } from "./rewrites.js";
import { compareWork, isBetter, workOf } from "./work.js";

export interface Folding {
  readonly network: Network;
  /** In the order in which they were taken; empty when there was nothing to gain. */
  readonly steps: readonly FoldStep[];
}

/**
 * Takes the rewrite that leaves the least work, until none is left that makes less of it. A rewrite
 * counts as less work when it lowers the multiply-adds of a frame, or leaves them as they are and
 * lowers those that come once a sequence; one that would make the weights larger, or not finite, is
 * not taken. Values that anything but the folded layers reads, outputs of the
 * network among them, stay as they are.
 */
export function foldNetwork(network: Network): Folding {
  const steps: FoldStep[] = [];
  const ready = prepared(network);
  let nodes = nodesOf(ready.ops);
  for (;;) {
    const rewrite = bestRewrite(nodes, ready);
    if (rewrite === undefined) break;
    steps.push(rewrite.step);
    nodes = rewrite.nodes;
  }
  const folded = networkOf(nodes, ready);
  const ops = folded.ops.map((op) => mapTensors(op, settled));
  return { network: { ...folded, ops }, steps };
}

function bestRewrite(nodes: Nodes, network: Network): Rewrite | undefined {
  const now = workOf(nodes, network);
  return possibleRewrites(nodes, outputValues(network))
    .map((rewrite) => ({ rewrite, work: workOf(rewrite.nodes, network) }))
    .filter(({ work }) => isBetter(work, now))
    .sort((a, b) => compareWork(a.work, b.work))
    .find(({ rewrite }) => hasFiniteProducts(rewrite.nodes))?.rewrite;
}

function hasFiniteProducts(nodes: Nodes): boolean {
  return nodes.every(({ op }) => tensorsOf(op).every(isFiniteProduct));
}
