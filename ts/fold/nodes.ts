/**
 * A network's ops while they are rewritten: each keeps the number of the value it makes, so that
 * the others need not be told when one comes or goes. Knows nothing of folding.
 */
import type { Op, PoolOp, Tensor, Value } from "../network.js";

/** In order of execution; `op` reads values by the numbers that their nodes have. */
export interface Node<O extends Op = Op> {
  readonly value: Value;
  readonly op: O;
}

export type Nodes = readonly Node[];

export function nodesOf(ops: readonly Op[]): Nodes {
  return ops.map((op, index) => ({ value: index + 1, op }));
}

/** The ops, reading values by their places in the list. */
export function opsOf(nodes: Nodes): Op[] {
  const places = new Map(nodes.map(({ value }, index) => [value, index + 1]));
  return nodes.map(({ op }) => withInputs(op, (value) => places.get(value) ?? value));
}

export function unusedValue(nodes: Nodes): Value {
  return Math.max(...nodes.map(({ value }) => value)) + 1;
}

/** Every node that reads `value`. */
export function readersOf(nodes: Nodes, value: Value): Nodes {
  return nodes.filter(({ op }) => inputsOf(op).includes(value));
}

/** The one that reduces the sequence: what stands behind it runs once a sequence. */
export function poolOf(nodes: Nodes): Node<PoolOp> | undefined {
  return nodes.find((node): node is Node<PoolOp> => node.op.kind === "pool");
}

/** The list with some nodes replaced by others, or by none. */
export function replaced(nodes: Nodes, replacements: ReadonlyMap<Node, Nodes>): Nodes {
  return nodes.flatMap((node) => replacements.get(node) ?? [node]);
}

export function tensorsOf(op: Op): readonly Tensor[] {
  const tensors: Tensor[] = [];
  mapTensors(op, (tensor) => {
    tensors.push(tensor);
    return tensor;
  });
  return tensors;
}

/** The op with every tensor through `map`. */
export function mapTensors(op: Op, map: (tensor: Tensor) => Tensor): Op {
  const layer = ({ weight, bias }: { readonly weight: Tensor; readonly bias?: Tensor }) => ({
    weight: map(weight),
    ...(bias && { bias: map(bias) }),
  });
  switch (op.kind) {
    case "linear":
    case "norm":
      return { ...op, ...layer(op) };
    case "embedding":
      return { ...op, weight: map(op.weight) };
    case "affine":
      return { ...op, scale: map(op.scale), shift: map(op.shift) };
    case "mamba":
      return {
        ...op,
        inProj: layer(op.inProj),
        conv1d: layer(op.conv1d),
        xProj: { weight: map(op.xProj.weight) },
        dtProj: layer(op.dtProj),
        aLog: map(op.aLog),
        d: map(op.d),
        ...(op.outProj && { outProj: layer(op.outProj) }),
      };
    default:
      return op;
  }
}

function inputsOf(op: Op): readonly Value[] {
  return op.kind === "add" ? op.inputs : [op.input];
}

function withInputs(op: Op, map: (value: Value) => Value): Op {
  if (op.kind === "embedding" || op.kind === "logmel") return op;
  if (op.kind === "add") return { ...op, inputs: [map(op.inputs[0]), map(op.inputs[1])] };
  return { ...op, input: map(op.input) };
}
