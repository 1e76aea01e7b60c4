/**
 * Networks of small ops in float64, as plainly as their definitions say, for tests of what the writer makes of
 * a graph. No Mamba: the reference of the property tests has it. Shares no code with the writer.
 */
import type { Network, Op, Tensor } from "../../../ts/graph/network.js";

/** [rows][width]; a vector is one row. */
export type Rows = number[][];

interface Plain {
  readonly rows: Rows;
  readonly isVector: boolean;
}

/** Rows of each output for frames [T][inputWidth]. */
export function plainOutputs(network: Network, input: Float32Array): Rows[] {
  const values: Plain[] = [{ rows: cut(Array.from(input), network.inputWidth), isVector: false }];
  for (const op of network.ops) {
    const inputs = ("inputs" in op ? op.inputs : [op.input]).map((value) => values[value]!);
    const isPool = POOLS.has(op.kind);
    const rows = evaluate(op, inputs);
    values.push({ rows, isVector: isPool || inputs.every(({ isVector }) => isVector) });
  }
  const outputs = network.outputs ?? [{ name: "output", value: network.ops.length }];
  return outputs.map(({ value }) => values[value]!.rows);
}

const POOLS = new Set(["pool", "attention_pool", "flatten", "flatten_linear"]);

function evaluate(op: Op, inputs: readonly Plain[]): Rows {
  const x = inputs[0]!.rows;
  const each = (f: (row: number[], t: number) => number[]) => x.map(f);
  switch (op.kind) {
    case "linear":
      return each((row) => layer(op.weight, op.bias, row));
    case "affine":
      return each((row) => row.map((v, i) => v * op.scale.data[i]! + op.shift.data[i]!));
    case "batchnorm":
      return each((row) =>
        row.map((v, i) => {
          const scale = (op.weight?.data[i] ?? 1) / Math.sqrt(op.runningVar.data[i]! + op.eps);
          return (v - op.runningMean.data[i]!) * scale + (op.bias?.data[i] ?? 0);
        }),
      );
    case "activation":
      return each((row) => row.map((v) => FUNCTIONS[op.activation]!(v, op.parameter)));
    case "norm":
      return each((row) => normalize(row, op.norm === "rms", op.eps, op.weight, op.bias));
    case "softmax":
      return each(softmax);
    case "slice":
      return each((row) => row.slice(op.first, op.first + op.width));
    case "concat":
      return together(inputs, (parts) => parts.flat());
    case "add":
    case "subtract":
    case "multiply":
    case "divide":
    case "maximum":
    case "minimum":
      return together(inputs, ([a, b]) => a!.map((v, i) => ARITHMETIC[op.kind](v, b![i]!)));
    case "conv1d":
      return convolve(op, x);
    case "window_pool": {
      const { window, stride = window, padding = 0, countIncludePad = true } = op;
      const [before, after] = pad(padding, window);
      return windows(x, window, stride, before, after).map((rows) => {
        const present = rows.filter((row) => row !== undefined);
        return x[0]!.map((_, i) => {
          const column = present.map((row) => row[i]!);
          if (op.pool === "max") return Math.max(...column);
          return sum(column) / (countIncludePad ? window : present.length);
        });
      });
    }
    case "unfold":
      return windows(x, op.window, op.stride ?? op.window, 0, 0).map((rows) => {
        const present = rows as number[][];
        return op.layout === "channel_time"
          ? x[0]!.flatMap((_, i) => present.map((row) => row[i]!))
          : present.flat();
      });
    case "upsample":
      return x.flatMap((row) => new Array<number[]>(op.repeat).fill(row));
    case "split_rows": {
      const width = x[0]!.length / op.count;
      return x.flatMap((row) =>
        Array.from({ length: op.count }, (_, i) => row.slice(i * width, (i + 1) * width)),
      );
    }
    case "insert_row": {
      const at = op.position === "end" ? x.length : op.position;
      return [...x.slice(0, at), Array.from(op.row.data), ...x.slice(at)];
    }
    case "positions":
      return each((row, t) => row.map((v, i) => v + op.table.data[t * row.length + i]!));
    case "reverse":
      return x.toReversed();
    case "transpose":
      return turned(x);
    case "sequence_norm": {
      const size = x[0]!.length / op.groups;
      const columns = turned(x);
      const groups = Array.from({ length: op.groups }, (_, g) => {
        const all = columns.slice(g * size, (g + 1) * size).flat();
        const mean = sum(all) / all.length;
        const variance = sum(all.map((v) => (v - mean) ** 2)) / all.length;
        return { mean, scale: 1 / Math.sqrt(variance + op.eps) };
      });
      return each((row) =>
        row.map((v, i) => {
          const { mean, scale } = groups[Math.floor(i / size)]!;
          return (v - mean) * scale * (op.weight?.data[i] ?? 1) + (op.bias?.data[i] ?? 0);
        }),
      );
    }
    case "pool":
      return [pooled(op, x)];
    case "attention_pool": {
      const scores = turned(inputs[1]!.rows).map(softmax);
      return [turned(x).map((column, i) => dot(column, scores[scores.length === 1 ? 0 : i]!))];
    }
    case "flatten":
      return [(op.layout === "channel_time" ? turned(x) : x).flat()];
    case "flatten_linear":
      return [layer(op.weight, op.bias, (op.layout === "channel_time" ? turned(x) : x).flat())];
    case "gate":
      return x.map((row, t) => {
        const z = layer(op.weight, op.bias, inputs[1]!.rows[t]!);
        return row.map((v, i) => v * FUNCTIONS[op.activation]!(z[i]!));
      });
    default:
      throw new Error(`no ${op.kind} here`);
  }
}

function together(inputs: readonly Plain[], join: (rows: number[][]) => number[]): Rows {
  const count = Math.max(...inputs.map(({ rows, isVector }) => (isVector ? 1 : rows.length)));
  return Array.from({ length: count }, (_, t) =>
    join(inputs.map(({ rows, isVector }) => rows[isVector ? 0 : t]!)),
  );
}

function convolve(op: Extract<Op, { kind: "conv1d" }>, x: Rows): Rows {
  const { weight, bias, stride = 1, dilation = 1, padding = 0, groups = 1 } = op;
  const [outputs, inputs, taps] = weight.shape as [number, number, number];
  const span = (taps - 1) * dilation + 1;
  const [before, after] = pad(padding, span);
  return windows(x, span, stride, before, after).map((rows) =>
    Array.from({ length: outputs }, (_, o) => {
      const first = Math.floor(o / (outputs / groups)) * inputs;
      let total = bias?.data[o] ?? 0;
      for (let i = 0; i < inputs; i++) {
        for (let k = 0; k < taps; k++) {
          total +=
            weight.data[(o * inputs + i) * taps + k]! * (rows[k * dilation]?.[first + i] ?? 0);
        }
      }
      return total;
    }),
  );
}

function pad(padding: number | "same" | "causal", span: number): [number, number] {
  if (padding === "causal") return [span - 1, 0];
  const half = Math.floor((span - 1) / 2);
  return padding === "same" ? [half, span - 1 - half] : [padding, padding];
}

function windows(x: Rows, span: number, hop: number, before: number, after: number) {
  const made: (number[] | undefined)[][] = [];
  for (let first = -before; first + span <= x.length + after; first += hop) {
    made.push(Array.from({ length: span }, (_, i) => x[first + i]));
  }
  return made;
}

function pooled(op: Extract<Op, { kind: "pool" }>, x: Rows): number[] {
  const picked = { first: 0, last: x.length - 1, row: op.index ?? 0 } as Record<string, number>;
  if (op.pool in picked) return x[picked[op.pool]!]!;
  return turned(x).map((column) => {
    const mean = sum(column) / column.length;
    const squares = sum(column.map((v) => (v - mean) ** 2));
    const divisor = column.length - Number(op.unbiased ?? false);
    switch (op.pool) {
      case "mean":
        return mean;
      case "sum":
        return sum(column);
      case "max":
        return Math.max(...column);
      case "min":
        return Math.min(...column);
      default:
        return Math.sqrt(squares / divisor + (op.eps ?? 0));
    }
  });
}

function normalize(row: number[], isRms: boolean, eps: number, weight?: Tensor, bias?: Tensor) {
  const mean = isRms ? 0 : sum(row) / row.length;
  const scale = 1 / Math.sqrt(sum(row.map((v) => (v - mean) ** 2)) / row.length + eps);
  return row.map((v, i) => (v - mean) * scale * (weight?.data[i] ?? 1) + (bias?.data[i] ?? 0));
}

function softmax(values: number[]): number[] {
  const high = Math.max(...values);
  const powers = values.map((v) => Math.exp(v - high));
  return powers.map((v) => v / sum(powers));
}

const FUNCTIONS: Readonly<Record<string, (x: number, parameter?: number) => number>> = {
  relu: (x) => Math.max(x, 0),
  silu: (x) => x / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  leaky_relu: (x, slope = 0.01) => (x < 0 ? slope * x : x),
};

const ARITHMETIC = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => a * b,
  divide: (a: number, b: number) => a / b,
  maximum: Math.max,
  minimum: Math.min,
};

function layer(weight: Tensor, bias: Tensor | undefined, x: readonly number[]): number[] {
  const outputs = weight.shape[0]!;
  return Array.from({ length: outputs }, (_, o) => {
    const row = weight.data.subarray(o * x.length, (o + 1) * x.length);
    return x.reduce((total, v, i) => total + v * row[i]!, bias?.data[o] ?? 0);
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return sum(a.map((v, i) => v * b[i]!));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, v) => total + v, 0);
}

function turned(x: Rows): Rows {
  return x[0]!.map((_, i) => x.map((row) => row[i]!));
}

function cut(values: readonly number[], width: number): Rows {
  return Array.from({ length: values.length / width }, (_, t) =>
    values.slice(t * width, (t + 1) * width),
  );
}
