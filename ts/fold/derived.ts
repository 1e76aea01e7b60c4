/**
 * Tensors computed from others in double precision, when their values are first asked for, and
 * rounded once to float32 however many products led to them. Knows nothing of ops.
 */
import type { Tensor } from "../network.js";

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

function exactValues(tensor: Tensor): Float64Array | Float32Array {
  return tensor instanceof DerivedTensor ? tensor.exact : tensor.data;
}
