/**
 * The node of the network's graph that is chosen, for all views that show it: the graph, the operators, the
 * arena. Knows nothing of how it is shown.
 */
import { computed, effect, signal } from "@preact/signals";
import type { PlanBuffer } from "../../index.js";
import { exact, generation, model } from "./simulator.js";

/** Index of a node of `model.graph`. */
export const chosenNode = signal<number | null>(null);

effect(() => {
  generation.value;
  chosenNode.value = null;
});

/** By index of op. */
const nodeOfOp = computed(() => {
  const nodes = model.value?.graph.nodes ?? [];
  return new Map(nodes.flatMap(({ ops }, node) => ops.map((op) => [op, node] as const)));
});

/** By name of op. */
const nodeOfName = computed(() => {
  const ops = model.value?.ops ?? [];
  return new Map(ops.map(({ name }, op) => [name, nodeOfOp.value.get(op)]));
});

/** By index of operator, in order of execution. */
export const nodesOfOperators = computed<readonly (number | undefined)[]>(() =>
  (exact.value?.chosen.ops ?? []).map((op) => nodeOfOp.value.get(op)),
);

/** The node whose op a buffer belongs to; undefined for the session's own. */
export function nodeOfBuffer({ name }: Pick<PlanBuffer, "name">): number | undefined {
  return nodeOfName.value.get(name.slice(0, name.lastIndexOf(".")));
}
