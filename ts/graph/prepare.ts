/**
 * What is always done to a network before it is encoded, because it costs nothing: a BatchNorm goes into
 * the layer beside it where that is exact in real numbers (products are made in double and rounded once), and
 * a linear layer of flattened rows takes each row as it comes, so that they need not be kept.
 */
import {
  appliedTo,
  batchScale,
  batchShift,
  isFiniteProduct,
  scaledAndShifted,
  scaledColumns,
  scaledRows,
  settled,
} from "./derived.js";
import type { Op } from "./descriptors/index.js";
import { mapTensors, tensorsOf } from "./form.js";
import type {
  BatchNormOp,
  Conv1dOp,
  Conv2dOp,
  FlattenLinearOp,
  LinearOp,
  Network,
} from "./network.js";
import { type Node, type Nodes, networkOf, nodesOf, outputValues, readersOf } from "./nodes.js";
import type { Tensor, Value } from "./tensor.js";

/** Two neighbours as one op, if they can be: the first makes what only the second reads. */
type Joining = (first: Op, second: Op) => Op | undefined;

export function prepared(network: Network): Network {
  const joined = [batchNormBehindLayer, batchNormBeforeLinear, flattenIntoLinear].reduce(
    joinAll,
    network,
  );
  return { ...joined, ops: joined.ops.map((op) => mapTensors(op, settled)) };
}

function joinAll(network: Network, join: Joining): Network {
  const outputs = outputValues(network);
  let nodes = nodesOf(network.ops);
  for (const { value } of nodes) nodes = joinAt(nodes, value, outputs, join);
  return networkOf(nodes, network);
}

/** The node that makes `value` with its only reader as one, where they can be. */
function joinAt(nodes: Nodes, value: Value, outputs: ReadonlySet<Value>, join: Joining): Nodes {
  const first = nodes.find((node) => node.value === value);
  const [second, other] = readersOf(nodes, value);
  if (first === undefined || second === undefined) return nodes;
  if (other !== undefined || outputs.has(value)) return nodes;
  const op = join(first.op, second.op);
  if (op === undefined || !isWorthIt(op, first, second, nodes)) return nodes;
  return nodes
    .filter((node) => node !== first)
    .map((node) => (node === second ? { ...node, op } : node));
}

/** Not where a weight would have to be stored twice, or would not be finite. */
function isWorthIt(joined: Op, first: Node, second: Node, nodes: Nodes): boolean {
  const others = new Set(
    nodes.filter((node) => node !== first && node !== second).flatMap(({ op }) => tensorsOf(op)),
  );
  const isShared = [first, second].some(({ op }) =>
    tensorsOf(op).some((tensor) => tensor.shape.length > 1 && others.has(tensor)),
  );
  return !isShared && tensorsOf(joined).every(isFiniteProduct);
}

function batchNormBehindLayer(first: Op, second: Op): Op | undefined {
  if (second.kind !== "batchnorm") return undefined;
  if (first.kind === "conv2d") {
    const norm = ofOneBand(second, first.weight.shape[0] ?? 0);
    return norm && withScaledRows(first, norm);
  }
  const isLayer = first.kind === "linear" || first.kind === "conv1d";
  return isLayer ? withScaledRows(first, second) : undefined;
}

/** Of rows of bands: the norm of a band's channels, where it is the same in all bands. */
function ofOneBand(norm: BatchNormOp, channels: number): BatchNormOp | undefined {
  const isRepeated = ({ data }: Tensor) => data.every((x, i) => x === data[i % channels]);
  if (!tensorsOf(norm).every(isRepeated)) return undefined;
  return mapTensors(norm, ({ name, data }) => ({
    name,
    shape: [channels],
    data: data.subarray(0, channels),
  }));
}

function withScaledRows(layer: LinearOp | Conv1dOp | Conv2dOp, norm: BatchNormOp): Op {
  const [scale, shift] = [batchScale(norm), batchShift(norm)];
  const bias = scaledAndShifted(layer.bias, scale, shift);
  return { ...layer, weight: scaledRows(layer.weight, scale), bias };
}

/** Before a convolution it is not exact: zeros beyond the ends would have to become its shift. */
function batchNormBeforeLinear(first: Op, second: Op): Op | undefined {
  if (first.kind !== "batchnorm" || second.kind !== "linear") return undefined;
  const bias = appliedTo(batchShift(first), second.weight, second.bias);
  return {
    ...second,
    input: first.input,
    weight: scaledColumns(second.weight, batchScale(first)),
    bias,
  };
}

function flattenIntoLinear(first: Op, second: Op): FlattenLinearOp | undefined {
  if (first.kind !== "flatten" || second.kind !== "linear") return undefined;
  const { rows, layout = "time_channel", input } = first;
  return { ...second, kind: "flatten_linear", input, rows, layout };
}
