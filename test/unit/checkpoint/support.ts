/** What the tests of the checkpoint readers share: fixtures, and tensors made on the spot. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect } from "vitest";
import type { StateDict } from "../../../ts/checkpoint/index.js";
import { MambaliteError } from "../../../ts/core/errors.js";
import type { Tensor } from "../../../ts/graph/network.js";

const GOLDEN = new URL("../../golden/checkpoint/", import.meta.url);

/** Bytes of a file that scripts/golden/checkpoint_fixtures.py made. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, GOLDEN)));
}

type ExpectedTensors = Record<string, { shape: number[]; bits: string[] }>;

interface Expected {
  readonly paper: ExpectedTensors;
  readonly dtypes: ExpectedTensors;
  readonly views: ExpectedTensors;
  readonly small: ExpectedTensors;
  readonly npy: Record<string, { shape: number[]; float64: number[] }>;
}

export const expected = JSON.parse(
  readFileSync(new URL("expected.json", GOLDEN), "utf8"),
) as Expected;

/** A state dict's floating-point tensors in the form of `expected`. */
export function tensorBits({ tensors }: StateDict): ExpectedTensors {
  return Object.fromEntries(
    [...tensors].map(([name, { shape, data }]) => [name, { shape: [...shape], bits: bits(data) }]),
  );
}

export function bits(data: Float32Array): string[] {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  return Array.from(words, (word) => word.toString(16).padStart(8, "0"));
}

/** A tensor of small distinct numbers. */
export function tensor(name: string, shape: readonly number[]): Tensor {
  const count = shape.reduce((product, dim) => product * dim, 1);
  return { name, shape, data: Float32Array.from({ length: count }, (_, i) => (i % 17) / 16 - 0.5) };
}

export type Shapes = Record<string, readonly number[]>;

export function stateDict(shapes: Shapes, others: StateDict["others"] = new Map()): StateDict {
  const tensors = new Map(
    Object.entries(shapes).map(([name, shape]) => [name, tensor(name, shape)]),
  );
  return { format: "safetensors", tensors, others, metadata: new Map() };
}

export interface BlockSizes {
  readonly dModel: number;
  readonly dInner: number;
  readonly dState: number;
  readonly dConv: number;
  readonly dtRank: number;
}

/** Shapes of one Mamba-1 block without the optional biases. */
export function mambaShapes(
  prefix: string,
  { dModel, dInner, dState, dConv, dtRank }: BlockSizes,
): Shapes {
  return {
    [`${prefix}.A_log`]: [dInner, dState],
    [`${prefix}.D`]: [dInner],
    [`${prefix}.in_proj.weight`]: [2 * dInner, dModel],
    [`${prefix}.conv1d.weight`]: [dInner, 1, dConv],
    [`${prefix}.x_proj.weight`]: [dtRank + 2 * dState, dInner],
    [`${prefix}.dt_proj.weight`]: [dInner, dtRank],
    [`${prefix}.dt_proj.bias`]: [dInner],
    [`${prefix}.out_proj.weight`]: [dModel, dInner],
  };
}

/** Runs `read`: it may succeed or throw an error of this package, and nothing else. */
export function expectNoCrash(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(MambaliteError);
  }
}

/** Damaged copies of a file: cut short, some bytes changed, or something appended. */
export function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const position = fc.nat(bytes.length - 1);
  const truncated = position.map((length) => bytes.slice(0, length));
  const edit = fc.tuple(position, fc.nat(255));
  const edited = fc.array(edit, { minLength: 1, maxLength: 8 }).map((edits) => {
    const copy = bytes.slice();
    for (const [at, byte] of edits) copy[at] = byte;
    return copy;
  });
  const extended = fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .map((tail) => Uint8Array.of(...bytes, ...tail));
  return fc.oneof(truncated, edited, extended);
}
