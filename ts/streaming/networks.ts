/**
 * Networks for streams that never end, made of one that was trained on sequences. Knows nothing of sessions, events or
 * of where samples come from.
 *
 * A *running* network answers every `hopFrames` frames from the last `windowFrames`: its pool becomes one over
 * blocks of a hop and one over the blocks of a window, so that a frame is added up once, and its recurrent state is
 * never reset. *Windows* are what training saw, each from an empty state: the front end apart, which makes frames
 * once, and the network that takes a window of them.
 */
import { BadArgument } from "../core/errors.js";
import { inputsOf, withInputs } from "../graph/form.js";
import { DEFAULT_OUTPUT, type Network, type Op, outputsOf, type PoolOp } from "../graph/network.js";
import { infosOf, type Node, type Nodes, networkOf, nodesOf, unusedValue } from "../graph/nodes.js";
import type { Value } from "../graph/tensor.js";

/** In frames: of the front end where there is one. `windowFrames` is a multiple of `hopFrames`. */
export interface WindowForm {
  readonly windowFrames: number;
  readonly hopFrames: number;
}

/** That a window of the core may cover (csrc/kernels/window.c). */
const MOST_ROWS = 2 ** 24;

/** What a running network's blob records of itself. */
export const STREAM_METADATA = "stream";

/** Pools that are the same over blocks as over rows. */
const WINDOW_POOLS: Partial<Record<PoolOp["pool"], "average" | "max">> = {
  mean: "average",
  max: "max",
};

/**
 * The running network: one output, a sequence of probabilities.
 * @throws BadArgument for windows that are no multiple of the hop, and, by the op's name, for a network that cannot
 * run so
 */
export function runningNetwork(network: Network, form: WindowForm): Network {
  checkForm(form);
  assertOneVector(network);
  const nodes = nodesOf(network.ops);
  const pool = onlyPool(nodes);
  assertStreams(network, nodes, pool);
  const blocks = unusedValue(nodes);
  const pooled = nodes.flatMap((node) => (node === pool ? windowsOf(pool, form, blocks) : [node]));
  const { maxFrames: _, minFrames: __, ...rest } = network;
  return withProbabilities(networkOf(pooled, rest));
}

/** The front end, and the network behind it. */
export interface WindowNetworks {
  /** Samples to frames; undefined where the network takes frames as they come. */
  readonly front?: Network;
  /** Frames to one vector of probabilities. */
  readonly model: Network;
}

/** @throws BadArgument for a network that gives no single vector, or takes tokens */
export function windowNetworks(network: Network): WindowNetworks {
  assertOneVector(network);
  if (network.inputKind === "tokens") {
    throw new BadArgument("a stream", "a network of frames or samples", "one of tokens");
  }
  const model = withProbabilities(network);
  return network.inputKind === "samples" ? cutBehindFront(model) : { model };
}

function checkForm({ windowFrames, hopFrames }: WindowForm): void {
  const isCount = (n: number) => Number.isInteger(n) && n >= 1;
  if (!isCount(hopFrames)) throw new BadArgument("the hop", "1 frame or more", `${hopFrames}`);
  if (Math.max(windowFrames / hopFrames, hopFrames) > MOST_ROWS) {
    throw new BadArgument(
      "the window",
      `at most ${MOST_ROWS} hops, of as many frames`,
      `${windowFrames}`,
    );
  }
  if (isCount(windowFrames) && windowFrames % hopFrames === 0) return;
  throw new BadArgument("the window", `a multiple of the hop (${hopFrames})`, `${windowFrames}`);
}

function assertOneVector(network: Network): void {
  const outputs = outputsOf(network);
  const infos = infosOf(nodesOf(network.ops), network.inputWidth);
  const only = outputs.length === 1 ? infos.get(outputs[0]!.value) : undefined;
  if (only?.isVector) return;
  const given = outputs.length > 1 ? `${outputs.length} outputs` : "a sequence";
  throw new BadArgument("a stream", "a network with one output, a vector", given);
}

/** Ops that make a vector of a sequence. */
const BARRIERS = new Set(["pool", "attention_pool", "flatten", "flatten_linear"]);

function onlyPool(nodes: Nodes): Node<PoolOp> {
  const barriers = nodes.filter(({ op }) => BARRIERS.has(op.kind));
  const [first, ...others] = barriers;
  if (first === undefined || others.length > 0) {
    throw refusal(`it has ${barriers.length} pools`);
  }
  const { op } = first;
  if (op.kind !== "pool")
    throw refusal(`${op.name ?? op.kind} needs to see where a sequence begins`);
  if (WINDOW_POOLS[op.pool] === undefined && op.pool !== "last") {
    throw refusal(`a pool of ${op.pool} cannot be put together from blocks`);
  }
  return first as Node<PoolOp>;
}

/** Ops that know where a sequence begins or ends. */
const OF_WHOLE_SEQUENCES = new Set([
  "reverse",
  "transpose",
  "sequence_norm",
  "positions",
  "insert_row",
]);

function assertStreams(network: Network, nodes: Nodes, pool: Node): void {
  const before = nodes.slice(0, nodes.indexOf(pool));
  const whole = before.find(({ op }) => OF_WHOLE_SEQUENCES.has(op.kind));
  if (whole !== undefined) {
    throw refusal(`${whole.op.name ?? whole.op.kind} looks at whole sequences`);
  }
  if (network.inputKind === "tokens") throw refusal("it takes tokens");
}

function refusal(reason: string): BadArgument {
  return new BadArgument(
    "a running network",
    "one that can go on for ever",
    `${reason}; windows can be exact instead`,
  );
}

function windowsOf(pool: Node<PoolOp>, form: WindowForm, blocks: Value): Nodes {
  const { op, value } = pool;
  const [input] = inputsOf(op);
  const name = op.name ?? "pool";
  const kind = "window_pool" as const;
  const rows = form.windowFrames / form.hopFrames;
  const how = op.pool === "last" ? "average" : WINDOW_POOLS[op.pool]!;
  // Of the last row alone nothing is pooled: a row every hop is enough.
  const first = op.pool === "last" ? 1 : form.hopFrames;
  const perBlock: Op = {
    kind,
    name: `${name}.block`,
    pool: how,
    window: first,
    stride: form.hopFrames,
    input: input!,
  };
  if (op.pool === "last") return [{ value, op: perBlock }];
  const perWindow: Op = { kind, name, pool: how, window: rows, stride: 1, input: blocks };
  return [
    { value: blocks, op: perBlock },
    { value, op: perWindow },
  ];
}

function isSoftmax(op: Op | undefined): boolean {
  return op?.kind === "softmax" && op.softmax === "softmax";
}

/** With a softmax behind it, unless it ends with one. */
function withProbabilities(network: Network): Network {
  const [{ name, value }] = outputsOf(network) as [{ name: string; value: Value }];
  if (isSoftmax(network.ops[value - 1])) return network;
  const ops: Op[] = [
    ...network.ops,
    { kind: "softmax", softmax: "softmax", name: "softmax", input: value },
  ];
  return { ...network, ops, outputs: [{ name, value: ops.length }] };
}

/** In two where the frames are: behind the front end and its affine. */
function cutBehindFront(network: Network): WindowNetworks {
  const front = network.ops.findIndex(({ kind }) => kind === "logmel") + 1;
  const isAffine = network.ops[front]?.kind === "affine";
  const cut = isAffine ? front + 1 : front;
  const readsBefore = network.ops
    .slice(cut)
    .some((op) => inputsOf(op).some((value) => value < cut));
  if (front !== 1 || readsBefore) {
    throw new BadArgument("a stream", "a front end that only the next op reads", "another one");
  }
  const { labels: _, outputs: ____, minFrames: __, maxFrames: ___, ...rest } = network;
  const ops = network.ops.slice(0, cut);
  const width = infosOf(nodesOf(ops), 1).get(cut)!.width;
  const move = (value: Value) => value - cut;
  const behind = network.ops.slice(cut).map((op) => withInputs(op, move));
  return {
    front: { ...rest, ops, outputs: [{ name: DEFAULT_OUTPUT, value: cut }] },
    model: {
      ...network,
      inputKind: "frames",
      inputWidth: width,
      ops: behind,
      outputs: outputsOf(network).map(({ name, value }) => ({ name, value: move(value) })),
    },
  };
}
