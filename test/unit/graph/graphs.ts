/** Small graphs of the shapes that public networks have, with seeded weights. */
import type { Conv1dOp, Network, NetworkOutput, Op, Tensor } from "../../../ts/graph/network.js";
import { add, NetworkMaker, pool } from "../core/networks.js";

export const WIDTH = 6;
const make = new NetworkMaker(5);

export function tensor(name: string, ...shape: number[]): Tensor {
  return make.tensor(name, shape, 0.5);
}

export function conv(name: string, input: number, rest: Partial<Conv1dOp> = {}): Conv1dOp {
  const { groups = 1 } = rest;
  const weight = tensor(`${name}.weight`, WIDTH, WIDTH / groups, 3);
  return { kind: "conv1d", name, input, weight, bias: tensor(`${name}.bias`, WIDTH), ...rest };
}

export function linear(name: string, input: number, inputs: number, outputs: number): Op {
  return make.linear(name, input, inputs, outputs, true);
}

export function joined(kind: "multiply" | "subtract" | "divide", a: number, b: number): Op {
  return { kind, name: kind, inputs: [a, b] };
}

export function network(ops: readonly Op[], outputs?: readonly NetworkOutput[]): Network {
  const named = outputs && { outputs };
  return { inputKind: "frames", inputWidth: WIDTH, ops, ...named, convention: "test" };
}

const pad = { padding: "same" } as const;
const half = { kind: "window_pool", pool: "average", window: 2 } as const;

/** By what it shows; every one is defined for some length of about `FRAMES`. */
export const GRAPHS: Readonly<Record<string, Network>> = {
  "a bidirectional block with a residual": network([
    linear("in", 0, WIDTH, WIDTH),
    conv("forward", 1, { padding: "causal" }),
    { kind: "reverse", name: "flip", input: 1 },
    conv("backward", 3, { padding: "causal" }),
    { kind: "reverse", name: "flip_back", input: 4 },
    add("both", 2, 5),
    add("residual", 6, 1),
  ]),
  "branches that look ahead by different amounts": network([
    conv("narrow", 0, pad),
    conv("wide", 0, { ...pad, dilation: 3 }),
    { kind: "concat", name: "both", inputs: [1, 2, 0] },
    pool("pool", 3, "mean"),
  ]),
  "branches that are by turns ahead of each other": network([
    { ...half, window: 4, name: "quarter", input: 0 },
    { kind: "upsample", name: "again", input: 1, repeat: 4 },
    { ...half, window: 3, padding: "same", stride: 1, name: "smooth", input: 0 },
    add("sum", 2, 3),
  ]),
  "a U-net at half the rate, with a skip": network([
    conv("stem", 0, pad),
    { ...half, name: "down", input: 1 },
    conv("middle", 2, pad),
    { kind: "upsample", name: "up", input: 3, repeat: 2 },
    add("skip", 4, 1),
    conv("head", 5, pad),
  ]),
  "squeeze and excitation": network([
    conv("conv", 0, { padding: "causal", groups: 2 }),
    pool("squeeze", 1, "mean"),
    linear("narrow", 2, WIDTH, 2),
    { kind: "activation", name: "relu", input: 3, activation: "relu" },
    linear("wide", 4, 2, WIDTH),
    { kind: "activation", name: "sigmoid", input: 5, activation: "sigmoid" },
    joined("multiply", 1, 6),
  ]),
  "RevIN and its undoing": network([
    pool("mean", 0, "mean"),
    { kind: "pool", name: "std", input: 0, pool: "std", eps: 1e-5 },
    joined("subtract", 0, 1),
    joined("divide", 3, 2),
    linear("body", 4, WIDTH, WIDTH),
    joined("multiply", 5, 2),
    add("undone", 6, 1),
  ]),
  "a class token, positions and its row": network([
    { kind: "unfold", name: "patches", input: 0, window: 3, stride: 2 },
    linear("embed", 1, 3 * WIDTH, WIDTH),
    { kind: "insert_row", name: "token", input: 2, row: tensor("token", 1, 1, WIDTH), position: 2 },
    { kind: "positions", name: "positions", input: 3, table: tensor("table", 1, 30, WIDTH) },
    conv("mix", 4, pad),
    { kind: "pool", name: "row", input: 5, pool: "row", index: 2 },
  ]),
  "two heads, one of every row": network(
    [
      conv("body", 0, pad),
      linear("labels", 1, WIDTH, 3),
      pool("pool", 1, "max"),
      linear("class", 3, WIDTH, 4),
    ],
    [
      { name: "rows", value: 2 },
      { name: "class", value: 4 },
      { name: "body", value: 1 },
    ],
  ),
  "the input as an output, and behind a barrier": network(
    [{ kind: "reverse", name: "flip", input: 0 }, add("palindrome", 0, 1)],
    [
      { name: "sum", value: 2 },
      { name: "input", value: 0 },
    ],
  ),
  "gated attention": network([
    linear("v", 0, WIDTH, 4),
    { kind: "activation", name: "tanh", input: 1, activation: "tanh" },
    linear("u", 0, WIDTH, 4),
    { kind: "activation", name: "sigmoid", input: 3, activation: "sigmoid" },
    joined("multiply", 2, 4),
    linear("score", 5, 4, 1),
    { kind: "attention_pool", name: "attention", inputs: [0, 6] },
  ]),
  "an inverted network": network([
    { kind: "transpose", name: "invert", input: 0, rows: 20 },
    linear("embed", 1, 20, 8),
    { kind: "reverse", name: "flip", input: 2 },
    add("both", 2, 3),
    linear("project", 4, 8, 5),
    { kind: "transpose", name: "back", input: 5, rows: WIDTH },
  ]),
  "flatten heads of both layouts": network(
    [
      { kind: "flatten", name: "flat", input: 0, rows: 20 },
      linear("a", 1, 20 * WIDTH, 3),
      { kind: "flatten", name: "turned", input: 0, rows: 20, layout: "channel_time" },
      linear("b", 3, 20 * WIDTH, 3),
      { kind: "flatten", name: "kept", input: 0, rows: 20, layout: "channel_time" },
    ],
    [2, 4, 5].map((value) => ({ name: `head${value}`, value })),
  ),
  "more to concat than an op can read": network([
    { kind: "slice", name: "slice", input: 0, first: 1, width: 2 },
    conv("late", 0, pad),
    pool("vector", 0, "mean"),
    { kind: "concat", name: "all", inputs: [0, 1, 2, 0, 1, 2, 3, 0, 1] },
  ]),
  "strides, groups and group norms": network([
    conv("strided", 0, { stride: 2, padding: 1, groups: 3 }),
    { kind: "sequence_norm", name: "norm", input: 1, groups: 2, eps: 1e-5 },
    { kind: "activation", name: "leaky", input: 2, activation: "leaky_relu", parameter: 0.2 },
    conv("depthwise", 3, { ...pad, groups: WIDTH }),
    { ...half, pool: "max", window: 3, stride: 2, padding: 1, name: "pool", input: 4 },
  ]),
};
