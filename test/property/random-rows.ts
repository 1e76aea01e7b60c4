/** Rows of the generator: ops that treat every row by itself. See random-ops.ts. */
import { ACTIVATIONS } from "../../ts/graph/descriptors/rows.js";
import type { ArithmeticOp } from "../../ts/graph/network.js";
import {
  areTogether,
  type Known,
  MOST_ROW_WIDTH,
  type NetworkBuilder,
  type Row,
} from "./random-builder.js";

const linear: Row = (b) => {
  const x = b.read();
  if (x === undefined) return undefined;
  const [front] = b.ops;
  const isTied = front?.kind === "embedding" && front.weight.shape[1] === x.width && b.chance(0.3);
  const weight = isTied ? front.weight : b.weight(b.width(), x.width);
  return b.push(
    {
      kind: "linear",
      input: x.value,
      weight,
      ...(b.chance(0.7) && { bias: b.bias(weight.shape[0] as number) }),
    },
    { size: isTied ? x.size * Math.sqrt(x.width) : x.size },
  );
};

const affine: Row = (b) => {
  const x = b.read();
  return (
    x && b.push({ kind: "affine", input: x.value, scale: b.scale(x.width), shift: b.bias(x.width) })
  );
};

const norm: Row = (b) => {
  const x = b.read();
  if (x === undefined) return undefined;
  const kind = b.pick(["rms", "layer"] as const);
  const weights = {
    ...(b.chance(0.8) && { weight: b.scale(x.width) }),
    ...(kind === "layer" && b.chance(0.5) && { bias: b.bias(x.width) }),
  };
  return b.push(
    { kind: "norm", input: x.value, norm: kind, eps: b.eps(x.width), ...weights },
    { size: 1 },
  );
};

const batchnorm: Row = (b) => {
  const x = b.read();
  if (x === undefined) return undefined;
  const statistics = { runningMean: b.bias(x.width), runningVar: b.tensor([x.width], 0.5, 1) };
  const weights = { ...(b.chance(0.7) && { weight: b.scale(x.width), bias: b.bias(x.width) }) };
  return b.push({
    kind: "batchnorm",
    input: x.value,
    eps: b.pick([1e-5, 1e-3]),
    ...statistics,
    ...weights,
  });
};

const activation: Row = (b) => {
  const x = b.read();
  if (x === undefined) return undefined;
  const name = b.pick(ACTIVATIONS);
  const parameter =
    name === "leaky_relu" || name === "elu" ? b.pick([undefined, 0.2, 1.5]) : undefined;
  const isBounded = name === "sigmoid" || name === "tanh" || name === "hard_sigmoid";
  return b.push(
    {
      kind: "activation",
      input: x.value,
      activation: name,
      ...(parameter !== undefined && { parameter }),
    },
    { size: isBounded ? 0.7 : x.size },
  );
};

/** Not of one channel, of which it makes a constant. */
const softmax: Row = (b) => {
  const x = b.read(({ width }) => width > 1);
  if (x === undefined) return undefined;
  const name = b.pick(["softmax", "log_softmax"] as const);
  const size = name === "softmax" ? 1 / Math.sqrt(x.width) : Math.log(x.width) + x.size;
  return b.push({ kind: "softmax", input: x.value, softmax: name }, { size });
};

function arithmetic(kind: ArithmeticOp["kind"], size: (a: number, b: number) => number): Row {
  return (b) => {
    const x = b.read();
    const y = x && b.partner(x);
    if (x === undefined || y === undefined) return undefined;
    const inputs = b.chance(0.5) ? ([x.value, y.value] as const) : ([y.value, x.value] as const);
    // a - a is nothing but rounding where branches were brought to the same pace.
    if (kind === "subtract" && x.value === y.value) return undefined;
    return b.push({ kind, inputs }, { size: size(x.size, y.size) });
  };
}

/** By something that is never near 0: a standard deviation with an eps, or 1.5 and what a sigmoid adds. */
const divide: Row = (b) => {
  const x = b.read();
  if (x === undefined) return undefined;
  const isOverTime = x.time !== undefined && b.chance(0.5);
  const divisor = isOverTime
    ? b.push({ kind: "pool", input: x.value, pool: "std", eps: 0.3 }, { size: x.size })
    : aboveOne(b, x);
  return b.push({ kind: "divide", inputs: [x.value, divisor.value] }, { size: 2 * x.size });
};

function aboveOne(b: NetworkBuilder, x: Known): Known {
  const bounded = b.push(
    { kind: "activation", input: x.value, activation: "sigmoid" },
    { size: 0.7 },
  );
  const [scale, shift] = [b.scale(x.width), b.tensor([x.width], 0.2, 1.5)];
  return b.push({ kind: "affine", input: bounded.value, scale, shift }, { size: 2 });
}

const concat: Row = (b) => {
  const first = b.read();
  if (first === undefined) return undefined;
  const others = Array.from({ length: b.integer(0, 5) }, () => {
    return b.read((y) => y.time === undefined || areTogether(y, first));
  });
  const all = [first, ...others.filter((y) => y !== undefined)];
  if (all.reduce((sum, { width }) => sum + width, 0) > MOST_ROW_WIDTH) return undefined;
  const inputs = all.map(({ value }) => value);
  return b.push({ kind: "concat", inputs }, { size: Math.max(...all.map(({ size }) => size)) });
};

const slice: Row = (b) => {
  const x = b.read();
  if (x === undefined) return undefined;
  const first = b.integer(0, x.width - 1);
  return b.push({ kind: "slice", input: x.value, first, width: b.integer(1, x.width - first) });
};

export const ROWS = {
  linear,
  affine,
  norm,
  batchnorm,
  activation,
  softmax,
  add: arithmetic("add", (x, y) => x + y),
  subtract: arithmetic("subtract", (x, y) => x + y),
  multiply: arithmetic("multiply", (x, y) => 1.5 * x * y),
  divide,
  maximum: arithmetic("maximum", Math.max),
  minimum: arithmetic("minimum", Math.max),
  concat,
  slice,
};
