/**
 * What networks are made of besides ops: tensors and values. Plain data. Knows nothing of ops, files or
 * packing.
 */
import { BadCheckpoint, NonFinite } from "../core/errors.js";

/** A weight: row-major float32 data with its PyTorch shape and the name it had in the checkpoint. */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * A value: 0 is the network's input, n is the output of `ops[n - 1]`. Every operator reads values
 * smaller than its own.
 */
export type Value = number;

export function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "shape" in value && "data" in value;
}

export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A tensor that no checkpoint has, because a network means it without a weight: all elements equal. */
export function constantTensor(name: string, elements: number, value: number): Tensor {
  return { name, shape: [elements], data: new Float32Array(elements).fill(value) };
}

/** @throws BadCheckpoint unless the data has as many elements as the shape says. */
export function assertElements({ name, shape, data }: Tensor): void {
  const elements = elementsOf(shape);
  if (data.length !== elements) {
    throw new BadCheckpoint(name, `${elements} elements`, `${data.length}`);
  }
}

/** @throws NonFinite with the position of the first NaN or infinity. */
export function assertFinite(tensor: Tensor): void {
  const index = tensor.data.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return;
  throw new NonFinite(tensor.name, positionOf(index, tensor.shape), tensor.data[index] as number);
}

/** One number a dimension. */
export function positionOf(index: number, shape: readonly number[]): number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const position = rest % size;
      rest = Math.floor(rest / size);
      return position;
    })
    .reverse();
}
