/**
 * Patterns of several ops that architectures have and single rows at random hardly make: residual blocks, both
 * directions, skips over a lower rate, statistics that are taken out and put back.
 */
import {
  type Known,
  type NetworkBuilder,
  type Row,
  type Time,
  windowed,
} from "./random-builder.js";
import { OP_ROWS } from "./random-ops.js";

/** Ops that a motif adds at most. */
export const MOST_MOTIF_OPS = 12;

/** x + f(norm(x)) */
const residual: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const normed = b.on(x, OP_ROWS.norm) ?? x;
  const made = b.on(normed, b.pick([OP_ROWS.mamba, OP_ROWS.linear]));
  return made && add(b, x, toWidth(b, made, x.width));
};

/** The same Mamba forwards and backwards. */
const bothDirections: Row = (b) => {
  const x = b.sequence();
  const forwards = x && b.on(x, OP_ROWS.mamba);
  if (x === undefined || forwards === undefined) return undefined;
  const block = b.ops.findLast((op) => op.kind === "mamba");
  const turned = b.push({ kind: "reverse", input: x.value });
  if (block?.kind !== "mamba") return undefined;
  const { name: _, ...parts } = block;
  const backwards = b.push({ ...parts, input: turned.value });
  const back = b.push({ kind: "reverse", input: toWidth(b, backwards, forwards.width).value });
  if (b.chance(0.5)) return add(b, forwards, back);
  return b.push({ kind: "concat", inputs: [forwards.value, back.value] });
};

/** RevIN: mean and deviation of the sequence are taken out, and put back behind what is between. */
const revIn: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const input = x.value;
  const mean = b.push({ kind: "pool", input, pool: "mean" });
  const deviation = b.push({ kind: "pool", input, pool: "std", eps: 0.1 });
  const centred = b.push({ kind: "subtract", inputs: [input, mean.value] });
  const normed = b.push({ kind: "divide", inputs: [centred.value, deviation.value] }, { size: 1 });
  const made = b.on(normed, b.pick([OP_ROWS.mamba, OP_ROWS.linear, OP_ROWS.selective_scan]));
  if (made === undefined) return undefined;
  const between = toWidth(b, made, x.width);
  const scaled = b.push({ kind: "multiply", inputs: [between.value, deviation.value] });
  return add(b, scaled, mean);
};

/** Every channel times a function of the mean of all. */
const squeezeExcite: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const mean = b.push({ kind: "pool", input: x.value, pool: "mean" });
  const squeezed = b.push({
    kind: "linear",
    input: mean.value,
    weight: b.weight(b.integer(1, 8), x.width),
  });
  const active = b.push({ kind: "activation", input: squeezed.value, activation: "relu" });
  const excited = toWidth(b, active, x.width, true);
  const factor = b.push(
    { kind: "activation", input: excited.value, activation: "sigmoid" },
    { size: 0.6 },
  );
  return b.push({ kind: "multiply", inputs: [x.value, factor.value] });
};

/** Half the rate and back, beside what it is made of. */
const halfRate: Row = (b) => {
  const x = b.sequence(({ time }) => time.rows % 2 === 0);
  if (x === undefined) return undefined;
  const input = x.value;
  const weight = b.weight(b.width(), x.width, 3);
  const time = windowed(x.time, 2, 2, 0) as Time;
  const half = b.chance(0.5)
    ? b.push({ kind: "window_pool", input, pool: "average", window: 2 }, { time })
    : b.push({ kind: "conv1d", input, weight, stride: 2, padding: 1 }, { time });
  const made = b.on(half, b.pick([OP_ROWS.mamba, OP_ROWS.linear, OP_ROWS.selective_scan])) ?? half;
  const back = b.push({ kind: "upsample", input: made.value, repeat: 2 }, { time: x.time });
  if (b.chance(0.5)) return add(b, x, toWidth(b, back, x.width));
  return b.push({ kind: "concat", inputs: [x.value, back.value] });
};

/** A class token, positions, a block, and the token's row as the output. */
const classToken: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const position = b.pick([0, Math.floor(x.time.rows / 2), "end"] as const);
  const time = { ...x.time, rows: x.time.rows + 1 };
  const row = b.tensor([1, 1, x.width], 1);
  const inserted = b.push({ kind: "insert_row", input: x.value, row, position }, { time });
  const placed = b.on(inserted, OP_ROWS.positions) ?? inserted;
  const made = b.on(placed, OP_ROWS.mamba) ?? placed;
  const index = position === "end" ? x.time.rows : position;
  return b.push({ kind: "pool", input: made.value, pool: "row", index });
};

/** Rows as channels, so that channels are alone, and back. */
const inverted: Row = (b) => {
  const x = b.sequence();
  const turned = x && b.on(x, OP_ROWS.transpose);
  const made = turned && b.on(turned, b.pick([OP_ROWS.mamba, OP_ROWS.linear, OP_ROWS.norm]));
  return made && b.on(made, OP_ROWS.transpose);
};

export const MOTIFS: Readonly<Record<string, Row>> = {
  residual,
  bothDirections,
  revIn,
  squeezeExcite,
  halfRate,
  classToken,
  inverted,
};

function add(b: NetworkBuilder, x: Known, y: Known): Known {
  return b.push({ kind: "add", inputs: [x.value, y.value] }, { size: x.size + y.size });
}

/** With a linear layer where it is of another width. */
function toWidth(b: NetworkBuilder, x: Known, width: number, isAlways = false): Known {
  if (x.width === width && !isAlways) return x;
  return b.push({ kind: "linear", input: x.value, weight: b.weight(width, x.width) });
}
