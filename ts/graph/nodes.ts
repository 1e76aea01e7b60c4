/**
 * A network's ops while they are rewritten: each keeps the number of the value it makes, so that
 * the others need not be told when one comes or goes. Knows no kind of op.
 */
import type { Op } from "./descriptors/index.js";
import { inputsOf, withInputs } from "./form.js";
import { type Network, type NetworkOutput, outputsOf } from "./network.js";
import type { Value } from "./tensor.js";
import { infoOf, type ValueInfo } from "./values.js";

/** In order of execution; `op` reads values by the numbers that their nodes have. */
export interface Node<O extends Op = Op> {
  readonly value: Value;
  readonly op: O;
}

export type Nodes = readonly Node[];

export function nodesOf(ops: readonly Op[]): Nodes {
  return ops.map((op, index) => ({ value: index + 1, op }));
}

/** The network with these ops, and its outputs where they are now. */
export function networkOf(nodes: Nodes, network: Network): Network {
  const places = new Map(nodes.map(({ value }, index) => [value, index + 1]));
  const place = (value: Value) => places.get(value) ?? value;
  const ops = nodes.map(({ op }) => withInputs(op, place));
  const move = ({ name, value }: NetworkOutput) => ({ name, value: place(value) });
  const { outputs } = network;
  return { ...network, ops, ...(outputs && { outputs: outputs.map(move) }) };
}

/** Values that are outputs of the network: they are read by whoever runs it. */
export function outputValues(network: Network): ReadonlySet<Value> {
  return new Set(outputsOf(network).map(({ value }) => value));
}

export function unusedValue(nodes: Nodes): Value {
  return Math.max(...nodes.map(({ value }) => value)) + 1;
}

/** Every node that reads `value`. */
export function readersOf(nodes: Nodes, value: Value): Nodes {
  return nodes.filter(({ op }) => inputsOf(op).includes(value));
}

/** The list with some nodes replaced by others, or by none. */
export function replaced(nodes: Nodes, replacements: ReadonlyMap<Node, Nodes>): Nodes {
  return nodes.flatMap((node) => replacements.get(node) ?? [node]);
}

/** Width and place of each node's value, and of the network's input. */
export function infosOf(nodes: Nodes, inputWidth: number): ReadonlyMap<Value, ValueInfo> {
  const infos = new Map<Value, ValueInfo>([[0, { width: inputWidth, isVector: false }]]);
  for (const { value, op } of nodes) {
    const inputs = inputsOf(op).map((input) => infos.get(input) as ValueInfo);
    infos.set(value, infoOf(op, inputs));
  }
  return infos;
}
