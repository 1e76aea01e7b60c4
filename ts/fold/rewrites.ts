/**
 * The rewrites that folding chooses from. Each leaves the function that a network computes as it
 * is, but for rounding; whether it pays is for others to judge.
 */
import type { ActivationOp, AffineOp, LinearOp, MambaOp, NormOp, Op, PoolOp } from "../network.js";
import { appliedTo, product, scaledColumns } from "./derived.js";
import { type Node, type Nodes, poolOf, readersOf, replaced, unusedValue } from "./nodes.js";

/** What was done, by the names of ops: `op` into, or behind, `others`. */
export interface FoldStep {
  readonly kind: "multiplied" | "pooled first";
  readonly op: string;
  readonly others: readonly string[];
}

export interface Rewrite {
  readonly step: FoldStep;
  readonly nodes: Nodes;
}

/** A weight [outputs, inputs] and perhaps a bias [outputs]. */
type Layer = Pick<LinearOp, "weight" | "bias">;

/** A scale and a shift a channel: a layer whose weight is a diagonal matrix. */
type Scaling = Pick<AffineOp, "scale" | "shift">;

/** An op whose input goes through one layer first and nowhere else. */
type Consumer = Node<LinearOp | MambaOp>;

/** Every rewrite that can be applied once, in no particular order. */
export function possibleRewrites(nodes: Nodes): Rewrite[] {
  const rewrites = nodes.map((node) => multiplied(nodes, node));
  return [...rewrites, pooledFirst(nodes)].filter((rewrite) => rewrite !== undefined);
}

/**
 * A linear layer, a Mamba block's out_proj, or a scale and shift, that feeds only linear layers goes
 * into them.
 */
function multiplied(nodes: Nodes, producer: Node): Rewrite | undefined {
  const { op, value } = producer;
  const layer = lastLayer(op);
  const readers = readersOf(nodes, value);
  if (layer === undefined || readers.length === 0 || !readers.every(isConsumer)) return undefined;
  const changes = new Map<Node, Nodes>();
  changes.set(producer, op.kind === "mamba" ? [{ value, op: withoutOutProj(op) }] : []);
  const input = op.kind === "linear" || op.kind === "affine" ? op.input : value;
  for (const reader of readers) {
    changes.set(reader, [{ ...reader, op: { ...withLayerFirst(reader.op, layer), input } }]);
  }
  const others = readers.map((reader) => firstLayerName(reader.op));
  return {
    step: { kind: "multiplied", op: lastLayerName(op), others },
    nodes: replaced(nodes, changes),
  };
}

/**
 * A pool that takes the mean or the last of a linear layer's rows takes it of the layer's input
 * instead, and the layer is applied to the one row that comes out. The last row may overtake any op
 * that treats rows one by one.
 */
function pooledFirst(nodes: Nodes): Rewrite | undefined {
  const pool = poolOf(nodes);
  const before = nodes.find((node) => node.value === pool?.op.input);
  if (pool === undefined || before === undefined || pool.op.pool === "max") return undefined;
  if (readersOf(nodes, before.value).length > 1) return undefined;
  const { op } = before;
  const changes = new Map<Node, Nodes>();
  const step: FoldStep = { kind: "pooled first", op: lastLayerName(op), others: [pool.op.name] };
  if (op.kind === "mamba" && op.outProj !== undefined) {
    const pooled = unusedValue(nodes);
    const outProj: LinearOp = {
      kind: "linear",
      name: lastLayerName(op),
      input: pooled,
      ...op.outProj,
    };
    changes.set(before, [{ value: before.value, op: withoutOutProj(op) }]);
    changes.set(pool, [
      { value: pooled, op: pool.op },
      { value: pool.value, op: outProj },
    ]);
    return { step, nodes: replaced(nodes, changes) };
  }
  if (!mayOvertake(pool.op, op)) return undefined;
  // The two exchange the numbers of their values, so that whoever reads them need not change.
  changes.set(before, []);
  changes.set(pool, [
    { value: before.value, op: { ...pool.op, input: op.input } },
    { value: pool.value, op: { ...op, input: before.value } },
  ]);
  return { step, nodes: replaced(nodes, changes) };
}

function mayOvertake(pool: PoolOp, op: Op): op is LinearOp | NormOp | ActivationOp {
  if (op.kind === "linear") return true;
  return pool.pool === "last" && (op.kind === "norm" || op.kind === "activation");
}

function isConsumer(node: Node): node is Consumer {
  return node.op.kind === "linear" || node.op.kind === "mamba";
}

/** The layer that makes an op's output, if a layer does. */
function lastLayer(op: Op): Layer | Scaling | undefined {
  if (op.kind === "linear" || op.kind === "affine") return op;
  return op.kind === "mamba" ? op.outProj : undefined;
}

function lastLayerName(op: Op): string {
  return op.kind === "mamba" ? `${op.name}.out_proj` : op.name;
}

function firstLayerName(op: Op): string {
  return op.kind === "mamba" ? `${op.name}.in_proj` : op.name;
}

function withoutOutProj({ outProj: _, ...rest }: MambaOp): MambaOp {
  return rest;
}

/** The op for the input of `first` in place of its output. */
function withLayerFirst(op: LinearOp | MambaOp, first: Layer | Scaling): LinearOp | MambaOp {
  return op.kind === "linear"
    ? { ...op, ...composed(op, first) }
    : { ...op, inProj: composed(op.inProj, first) };
}

/** The layer that does what `first` and then `second` do: its constants are folded, too. */
function composed(second: Layer, first: Layer | Scaling): Layer {
  if ("scale" in first) {
    const bias = appliedTo(first.shift, second.weight, second.bias);
    return { weight: scaledColumns(second.weight, first.scale), bias };
  }
  const bias =
    first.bias === undefined ? second.bias : appliedTo(first.bias, second.weight, second.bias);
  return { weight: product(second.weight, first.weight), ...(bias && { bias }) };
}
