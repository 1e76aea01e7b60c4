/** Rows of the generator: ops that mix rows of different times or change their number. See random-ops.ts. */
import { LAYOUTS } from "../../ts/graph/descriptors/time.js";
import type { Padding } from "../../ts/graph/network.js";
import {
  MOST_ROW_WIDTH,
  type NetworkBuilder,
  type Row,
  repeated,
  type Time,
  windowed,
} from "./random-builder.js";

/** Sequences are no longer. */
const MOST_ROWS = 90;

/** Padding that windows of `span` rows can have, and how many rows it is in all. */
function somePadding(b: NetworkBuilder, span: number, keep: boolean): [Padding, number] {
  const name = b.pick(["same", "causal"] as const);
  if (keep || b.chance(0.4)) return [name, span - 1];
  const rows = b.integer(0, Math.min(span - 1, 3));
  return [rows, 2 * rows];
}

const conv1d: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const form = b.pick(["dense", "dense", "depthwise", "groups", "pointwise"] as const);
  const groups = form === "depthwise" ? x.width : form === "groups" ? someDivisor(b, x.width) : 1;
  const taps = form === "pointwise" ? 1 : b.integer(1, 5);
  const [stride, dilation] = b.chance(0.6) ? [1, 1] : [b.integer(1, 3), b.integer(1, 3)];
  const span = (taps - 1) * dilation + 1;
  const [padding, rows] = somePadding(b, span, b.chance(0.6));
  const time = windowed(x.time, span, stride, rows);
  if (time === undefined) return undefined;
  const outputs =
    form === "depthwise" ? x.width : groups * b.integer(1, Math.max(1, Math.floor(21 / groups)));
  const weight = b.weight(outputs, x.width / groups, taps);
  const step = { stride, dilation, padding, groups };
  return b.push(
    {
      kind: "conv1d",
      input: x.value,
      weight,
      ...step,
      ...(b.chance(0.7) && { bias: b.bias(outputs) }),
    },
    { time },
  );
};

function someDivisor(b: NetworkBuilder, width: number): number {
  const divisors = Array.from({ length: width }, (_, i) => i + 1).filter((n) => width % n === 0);
  return b.pick(divisors);
}

const windowPool: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const window = b.integer(1, 4);
  const stride = b.pick([undefined, 1, 2]);
  const [padding, rows] = somePadding(b, window, b.chance(0.3));
  const time = windowed(x.time, window, stride ?? window, rows);
  if (time === undefined) return undefined;
  const pool = b.pick(["average", "max"] as const);
  const rest = { ...(stride !== undefined && { stride }), countIncludePad: b.chance(0.5) };
  return b.push({ kind: "window_pool", input: x.value, pool, window, padding, ...rest }, { time });
};

/** Windows over bands that have an output, of rows that `bands` divides. */
function someBands(b: NetworkBuilder, width: number) {
  const bands = someDivisor(b, width);
  const bandTaps = b.integer(1, Math.min(3, bands));
  return { bands, bandTaps, bandPadding: b.integer(0, bandTaps - 1), bandStride: b.integer(1, 2) };
}

const conv2d: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const { bands, bandTaps, ...band } = someBands(b, x.width);
  const channels = x.width / bands;
  const form = b.pick(["dense", "depthwise", "groups"] as const);
  const groups = form === "depthwise" ? channels : form === "groups" ? someDivisor(b, channels) : 1;
  const taps = b.integer(1, 3);
  const [stride, dilation] = b.chance(0.6) ? [1, 1] : [b.integer(1, 3), b.integer(1, 3)];
  const span = (taps - 1) * dilation + 1;
  const [padding, rows] = somePadding(b, span, b.chance(0.6));
  const time = windowed(x.time, span, stride, rows);
  const outputs = form === "depthwise" ? channels : groups * b.integer(1, 3);
  if (time === undefined || outputs * (bands + 2) > MOST_ROW_WIDTH) return undefined;
  return b.push(
    {
      kind: "conv2d",
      input: x.value,
      weight: b.weight(outputs, channels / groups, taps, bandTaps),
      ...(b.chance(0.7) && { bias: b.bias(outputs) }),
      ...{ bands, ...band, stride, dilation, padding, groups },
    },
    { time },
  );
};

const pool2d: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const { bands, bandTaps: bandWindow, ...band } = someBands(b, x.width);
  const [window, stride] = [b.integer(1, 3), b.integer(1, 2)];
  const [padding, rows] = somePadding(b, window, b.chance(0.3));
  const time = windowed(x.time, window, stride, rows);
  if (time === undefined || (x.width / bands) * (bands + 2) > MOST_ROW_WIDTH) return undefined;
  const pool = b.pick(["average", "max"] as const);
  const size = { bands, bandWindow, ...band, window, stride, padding };
  return b.push(
    { kind: "pool2d", input: x.value, pool, ...size, countIncludePad: b.chance(0.5) },
    { time },
  );
};

const splitRows: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const count = someDivisor(b, x.width);
  if (x.time.rows * count > MOST_ROWS) return undefined;
  return b.push({ kind: "split_rows", input: x.value, count }, { time: repeated(x.time, count) });
};

const unfold: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const window = b.integer(1, Math.min(5, x.time.rows));
  const stride = b.pick([undefined, 1, 2, 3]);
  const time = windowed(x.time, window, stride ?? window, 0);
  if (time === undefined || window * x.width > MOST_ROW_WIDTH) return undefined;
  const rest = { ...(stride !== undefined && { stride }), layout: b.pick(LAYOUTS) };
  return b.push({ kind: "unfold", input: x.value, window, ...rest }, { time });
};

const upsample: Row = (b) => {
  const repeat = b.integer(1, 3);
  const x = b.sequence(({ time }) => time.rows * repeat <= MOST_ROWS);
  return (
    x && b.push({ kind: "upsample", input: x.value, repeat }, { time: repeated(x.time, repeat) })
  );
};

const insertRow: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const position = b.pick([0, b.integer(0, x.time.rows), "end"] as const);
  const row = b.tensor(b.pick([[x.width], [1, x.width], [1, 1, x.width]]), 1);
  const time = { ...x.time, rows: x.time.rows + 1 };
  return b.push({ kind: "insert_row", input: x.value, row, position }, { time });
};

const positions: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const shape = [x.time.rows + b.integer(0, 3), x.width];
  const table = b.tensor(b.chance(0.5) ? shape : [1, ...shape], 0.7);
  return b.push({ kind: "positions", input: x.value, table });
};

const reverse: Row = (b) => {
  const x = b.sequence();
  return x && b.push({ kind: "reverse", input: x.value });
};

const transpose: Row = (b) => {
  const x = b.sequence(({ time }) => time.rows <= MOST_ROW_WIDTH);
  if (x === undefined) return undefined;
  const origin = `op${b.ops.length + 1}`;
  const time: Time = { rows: x.width, rate: [1, 1], origin };
  return b.push({ kind: "transpose", input: x.value, rows: x.time.rows }, { time });
};

const sequenceNorm: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const groups = someDivisor(b, x.width);
  const weights = {
    ...(b.chance(0.6) && { weight: b.scale(x.width) }),
    ...(b.chance(0.6) && { bias: b.bias(x.width) }),
  };
  const eps = b.eps((x.time.rows * x.width) / groups);
  return b.push({ kind: "sequence_norm", input: x.value, groups, eps, ...weights }, { size: 1 });
};

export const TIME = {
  conv1d,
  window_pool: windowPool,
  conv2d,
  pool2d,
  split_rows: splitRows,
  unfold,
  upsample,
  insert_row: insertRow,
  positions,
  reverse,
  transpose,
  sequence_norm: sequenceNorm,
};
