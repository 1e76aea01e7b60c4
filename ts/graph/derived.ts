/**
 * Tensors computed from others in double precision, when their values are first asked for, and
 * rounded once to float32 however many products led to them. Knows nothing of ops.
 */
import type { Tensor } from "./tensor.js";

/** A tensor whose float32 values are the rounding of double-precision ones. */
class DerivedTensor implements Tensor {
  readonly #compute: () => Float64Array;
  #exact: Float64Array | undefined;
  #data: Float32Array | undefined;

  constructor(
    readonly name: string,
    readonly shape: readonly number[],
    compute: () => Float64Array,
  ) {
    this.#compute = compute;
  }

  get exact(): Float64Array {
    this.#exact ??= this.#compute();
    return this.#exact;
  }

  get data(): Float32Array {
    this.#data ??= Float32Array.from(this.exact);
    return this.#data;
  }
}

/** `left` [m, p] times `right` [p, k]: the one layer that does what `right` and then `left` do. */
export function product(left: Tensor, right: Tensor): Tensor {
  const [rows, inner] = left.shape as [number, number];
  const columns = right.shape[1]!;
  return new DerivedTensor(`${left.name}*${right.name}`, [rows, columns], () => {
    const [a, b] = [exactValues(left), exactValues(right)];
    const result = new Float64Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < inner; i++) addScaled(result, row, a[row * inner + i]!, b, i, columns);
    }
    return result;
  });
}

/** `left` [m, p] times the diagonal matrix of `scale` [p]: what it does to channels once scaled. */
export function scaledColumns(left: Tensor, scale: Tensor): Tensor {
  const [rows, columns] = left.shape as [number, number];
  return new DerivedTensor(`${left.name}*${scale.name}`, [rows, columns], () => {
    const [a, factors] = [exactValues(left), exactValues(scale)];
    return Float64Array.from({ length: rows * columns }, (_, i) => a[i]! * factors[i % columns]!);
  });
}

/** `bias` + `left` [m, p] times `vector` [p]: what becomes of a constant that `left` is applied to. */
export function appliedTo(vector: Tensor, left: Tensor, bias: Tensor | undefined): Tensor {
  const [rows, inner] = left.shape as [number, number];
  const term = `${left.name}*${vector.name}`;
  return new DerivedTensor(bias ? `${bias.name}+${term}` : term, [rows], () => {
    const [a, x] = [exactValues(left), exactValues(vector)];
    const start = bias && exactValues(bias);
    return Float64Array.from({ length: rows }, (_, row) => {
      let sum = start?.[row] ?? 0;
      for (let i = 0; i < inner; i++) sum += a[row * inner + i]! * x[i]!;
      return sum;
    });
  });
}

/** `left` [m, ...] with each row times an element of `scale` [m]: what it makes is scaled. */
export function scaledRows(left: Tensor, scale: Tensor): Tensor {
  const rows = scale.shape[0]!;
  return new DerivedTensor(`${scale.name}*${left.name}`, left.shape, () => {
    const [a, factors] = [exactValues(left), exactValues(scale)];
    const columns = a.length / rows;
    return Float64Array.from(a, (value, i) => value * factors[Math.floor(i / columns)]!);
  });
}

/** `vector` [m] times `scale` [m] plus `shift` [m]; without a vector the shift alone. */
export function scaledAndShifted(vector: Tensor | undefined, scale: Tensor, shift: Tensor): Tensor {
  if (vector === undefined) return shift;
  const name = `${scale.name}*${vector.name}+${shift.name}`;
  return new DerivedTensor(name, vector.shape, () => {
    const [x, a, b] = [vector, scale, shift].map(exactValues) as [Values, Values, Values];
    return Float64Array.from(x, (value, i) => value * a[i]! + b[i]!);
  });
}

/** What a BatchNorm in inference has: vectors [m]. */
export interface BatchStatistics {
  readonly name: string;
  readonly weight?: Tensor;
  readonly bias?: Tensor;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
  readonly eps: number;
}

/** weight / sqrt(variance + eps) */
export function batchScale({ name, weight, runningVar, eps }: BatchStatistics): Tensor {
  return new DerivedTensor(`${name}.scale`, runningVar.shape, () => {
    const [variance, factors] = [exactValues(runningVar), weight && exactValues(weight)];
    return Float64Array.from(variance, (v, i) => (factors?.[i] ?? 1) / Math.sqrt(v + eps));
  });
}

/** bias - mean * scale */
export function batchShift(statistics: BatchStatistics): Tensor {
  const { name, bias, runningMean } = statistics;
  return new DerivedTensor(`${name}.shift`, runningMean.shape, () => {
    const [mean, start] = [exactValues(runningMean), bias && exactValues(bias)];
    const scale = exactValues(batchScale(statistics));
    return Float64Array.from(mean, (m, i) => (start?.[i] ?? 0) - m * scale[i]!);
  });
}

/** False when a computed value is beyond float32; the weights of a checkpoint are not looked at. */
export function isFiniteProduct(tensor: Tensor): boolean {
  return !(tensor instanceof DerivedTensor) || tensor.data.every(Number.isFinite);
}

/** Plain data with the tensor's float32 values. */
export function settled(tensor: Tensor): Tensor {
  const { name, shape, data } = tensor;
  return tensor instanceof DerivedTensor ? { name, shape, data } : tensor;
}

/** target[row] += scale * source[from], rows of `columns` elements. */
function addScaled(
  target: Float64Array,
  row: number,
  scale: number,
  source: Float64Array | Float32Array,
  from: number,
  columns: number,
): void {
  const [to, at] = [row * columns, from * columns];
  for (let column = 0; column < columns; column++) {
    target[to + column]! += scale * source[at + column]!;
  }
}

type Values = Float64Array | Float32Array;

function exactValues(tensor: Tensor): Values {
  return tensor instanceof DerivedTensor ? tensor.exact : tensor.data;
}
