/**
 * The forward pass, in float64, of networks of the plain blocks that folding and front ends are tested with, written
 * as plainly as the equations (Gu & Dao, arXiv 2312.00752, algorithm 2). Slow; shares no code with the core or
 * with the blob. All kinds of ops are in scripts/reference/ops, by PyTorch.
 */
import { inputsOf } from "../../ts/graph/form.js";
import type {
  LogmelOp,
  MambaOp,
  Network,
  NormOp,
  Op,
  PoolOp,
  Tensor,
} from "../../ts/graph/network.js";

/** [rows][width] */
type Rows = number[][];

/** The logits of a sequence: `input` is [T, inputWidth] frames or [T] tokens. */
export function referenceLogits(network: Network, input: Float32Array | Int32Array): number[] {
  const { inputWidth, ops } = network;
  const values: Rows[] = [rowsOf(Array.from(input), inputWidth)];
  for (const op of ops) values.push(evaluate(op, values));
  return values.at(-1)![0]!;
}

function evaluate(op: Op, values: readonly Rows[]): Rows {
  const inputs = inputsOf(op);
  const x = values[inputs[0]!]!;
  switch (op.kind) {
    case "linear":
      return x.map((row) => linear(op.weight, op.bias, row));
    case "embedding":
      return x.map(([token]) => rowsOf(Array.from(op.weight.data), op.weight.shape[1]!)[token!]!);
    case "norm":
      return x.map((row) => normalize(op, row));
    case "add":
      return x.map((row, t) => row.map((value, i) => value + values[inputs[1]!]![t]![i]!));
    case "activation":
      return x.map((row) => row.map(functionOf(op.activation)));
    case "pool":
      return [pooled(op.pool, x)];
    case "mamba":
      return mamba(op, x);
    case "affine":
      return x.map((row) => row.map((value, i) => value * op.scale.data[i]! + op.shift.data[i]!));
    case "logmel":
      return logmel(op, x.flat());
    default:
      throw new Error(`this reference has no ${op.kind}`);
  }
}

/** By the definition of the discrete Fourier transform. */
function logmel(op: LogmelOp, samples: readonly number[]): Rows {
  const window = op.window.data;
  const fft = 2 * op.twiddles.shape[0]!;
  const frames = Math.floor((samples.length - window.length) / op.hopSamples) + 1;
  return Array.from({ length: frames }, (_, t) => {
    const x = Array.from(window, (weight, n) => weight * samples[t * op.hopSamples + n]!);
    const power = Array.from({ length: fft / 2 + 1 }, (_, k) => {
      const angle = (n: number) => (2 * Math.PI * ((k * n) % fft)) / fft;
      const re = x.reduce((sum, value, n) => sum + value * Math.cos(angle(n)), 0);
      const im = x.reduce((sum, value, n) => sum - value * Math.sin(angle(n)), 0);
      return re * re + im * im;
    });
    let next = 0;
    return Array.from({ length: op.filterBins.shape[0]! }, (_, band) => {
      const [first, count] = op.filterBins.data.subarray(2 * band, 2 * band + 2) as unknown as [
        number,
        number,
      ];
      let energy = 0;
      for (let bin = first; bin < first + count; bin++) {
        energy += op.filters.data[next++]! * power[bin]!;
      }
      return Math.log(Math.max(energy, Math.fround(op.energyFloor)));
    });
  });
}

function mamba(op: MambaOp, u: Rows): Rows {
  const [inner, states] = op.aLog.shape as [number, number];
  const rank = op.dtProj.weight.shape[1]!;
  const { conv1d, d } = op;
  if (conv1d === undefined || d === undefined) throw new Error("this reference has no such mamba");
  const taps = conv1d.weight.shape.at(-1)!;
  const xz = u.map((row) => linear(op.inProj.weight, op.inProj.bias, row));
  const h = Array.from({ length: inner }, () => new Array<number>(states).fill(0));
  return xz.map((row, t) => {
    const x = Array.from({ length: inner }, (_, c) => {
      let sum = conv1d.bias?.data[c] ?? 0;
      for (let k = 0; k < taps; k++) {
        const past = xz[t - (taps - 1) + k];
        sum += conv1d.weight.data[c * taps + k]! * (past?.[c] ?? 0);
      }
      return silu(sum);
    });
    const xDbl = linear(op.xProj.weight, undefined, x);
    const dt = linear(op.dtProj.weight, op.dtProj.bias, xDbl.slice(0, rank)).map(softplus);
    const y = x.map((value, c) => {
      let sum = d.data[c]! * value;
      for (let n = 0; n < states; n++) {
        const a = -Math.exp(op.aLog.data[c * states + n]!);
        h[c]![n] = Math.exp(dt[c]! * a) * h[c]![n]! + dt[c]! * xDbl[rank + n]! * value;
        sum += xDbl[rank + states + n]! * h[c]![n]!;
      }
      return sum * silu(row[inner + c]!);
    });
    return op.outProj === undefined ? y : linear(op.outProj.weight, op.outProj.bias, y);
  });
}

function linear(weight: Tensor, bias: Tensor | undefined, x: readonly number[]): number[] {
  const [outputs, inputs] = weight.shape as [number, number];
  return Array.from({ length: outputs }, (_, o) => {
    let sum = bias?.data[o] ?? 0;
    for (let i = 0; i < inputs; i++) sum += weight.data[o * inputs + i]! * x[i]!;
    return sum;
  });
}

function normalize({ norm, weight, bias, eps }: NormOp, x: readonly number[]): number[] {
  const mean = norm === "rms" ? 0 : sumOf(x) / x.length;
  const variance = sumOf(x.map((value) => (value - mean) ** 2)) / x.length;
  const scale = 1 / Math.sqrt(variance + Math.fround(eps));
  return x.map(
    (value, i) => (value - mean) * scale * (weight?.data[i] ?? 1) + (bias?.data[i] ?? 0),
  );
}

function pooled(kind: PoolOp["pool"], x: Rows): number[] {
  const columns = x[0]!.map((_, i) => x.map((row) => row[i]!));
  if (kind === "last") return x.at(-1)!;
  return columns.map((column) =>
    kind === "mean" ? sumOf(column) / column.length : Math.max(...column),
  );
}

const ACTIVATIONS = {
  silu,
  relu: (x: number) => Math.max(x, 0),
  gelu: (x: number) => (x / 2) * (1 + erf(x / Math.SQRT2)),
};

function functionOf(name: string): (x: number) => number {
  const found = Object.entries(ACTIVATIONS).find(([known]) => known === name);
  if (found === undefined) throw new Error(`this reference has no ${name}`);
  return found[1];
}

function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** Taylor series near 0, continued fraction (Lentz) far from it; about 1e-14. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  let term = a;
  let sum = a;
  for (let n = 1; n < 200; n++) {
    term *= (-a * a) / n;
    sum += term / (2 * n + 1);
  }
  return a < 3 ? (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI) : Math.sign(x) * (1 - erfcFar(a));
}

function erfcFar(x: number): number {
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function rowsOf(data: readonly number[], width: number): Rows {
  return Array.from({ length: data.length / width }, (_, t) =>
    data.slice(t * width, (t + 1) * width),
  );
}
