/**
 * The rewrites that folding chooses from. Each leaves the function that a network computes as it
 * is, but for rounding; whether it pays is for others to judge.
 */
import { appliedTo, batchScale, batchShift, product, scaledColumns } from "../graph/derived.js";
import type {
  ActivationOp,
  AffineOp,
  LinearOp,
  MambaOp,
  NormOp,
  Op,
  PoolOp,
  Value,
} from "../graph/network.js";
import { type Node, type Nodes, readersOf, replaced, unusedValue } from "../graph/nodes.js";

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

/** Values that are read from outside, as outputs of the network. */
type OutputValues = ReadonlySet<Value>;

/** Every rewrite that can be applied once, in no particular order. */
export function possibleRewrites(nodes: Nodes, outputs: OutputValues): Rewrite[] {
  const rewrites = nodes.flatMap((node) => [
    multiplied(nodes, node, outputs),
    pooledFirst(nodes, node, outputs),
  ]);
  return rewrites.filter((rewrite) => rewrite !== undefined);
}

/**
 * A linear layer, a Mamba block's out_proj, or a scale and shift, that feeds only linear layers goes
 * into them.
 */
function multiplied(nodes: Nodes, producer: Node, outputs: OutputValues): Rewrite | undefined {
  const { op, value } = producer;
  const layer = lastLayer(op);
  const readers = readersOf(nodes, value);
  if (layer === undefined || readers.length === 0 || !readers.every(isConsumer)) return undefined;
  if (outputs.has(value)) return undefined;
  const changes = new Map<Node, Nodes>();
  changes.set(producer, op.kind === "mamba" ? [{ value, op: withoutOutProj(op) }] : []);
  const input = op.kind !== "mamba" && "input" in op ? op.input : value;
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
 * A pool that takes the mean of a linear layer's rows, or one of them, takes it of the layer's input
 * instead, and the layer is applied to the one row that comes out. A pool that picks a row may overtake any
 * op that treats rows one by one.
 */
function pooledFirst(nodes: Nodes, node: Node, outputs: OutputValues): Rewrite | undefined {
  if (node.op.kind !== "pool") return undefined;
  const pool: Node<PoolOp> = { value: node.value, op: node.op };
  const before = nodes.find(({ value }) => value === pool.op.input);
  if (before === undefined || !(pool.op.pool === "mean" || picksRow(pool.op))) return undefined;
  if (readersOf(nodes, before.value).length > 1 || outputs.has(before.value)) return undefined;
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
    changes.set(node, [
      { value: pooled, op: pool.op },
      { value: pool.value, op: outProj },
    ]);
    return { step, nodes: replaced(nodes, changes) };
  }
  if (!mayOvertake(pool.op, op)) return undefined;
  // The two exchange the numbers of their values, so that whoever reads them need not change.
  changes.set(before, []);
  changes.set(node, [
    { value: before.value, op: { ...pool.op, input: op.input } },
    { value: pool.value, op: { ...op, input: before.value } },
  ]);
  return { step, nodes: replaced(nodes, changes) };
}

/** Whether a pool gives one of the rows as it is. */
function picksRow({ pool }: PoolOp): boolean {
  return pool === "last" || pool === "first" || pool === "row";
}

function mayOvertake(pool: PoolOp, op: Op): op is LinearOp | NormOp | ActivationOp {
  if (op.kind === "linear") return true;
  return picksRow(pool) && (op.kind === "norm" || op.kind === "activation");
}

function isConsumer(node: Node): node is Consumer {
  return node.op.kind === "linear" || node.op.kind === "mamba";
}

/** The layer that makes an op's output, if a layer does. */
function lastLayer(op: Op): Layer | Scaling | undefined {
  if (op.kind === "linear" || op.kind === "affine") return op;
  if (op.kind === "batchnorm") return { scale: batchScale(op), shift: batchShift(op) };
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
