/** Runs the network of a checkpoint with an arch, and measures it against what PyTorch gave in float64. */
import { expect } from "vitest";
import { createBlob } from "../../ts/blob/blob.js";
import { type Arch, readCheckpoint, toNetwork } from "../../ts/checkpoint/index.js";
import type { Engine } from "../../ts/core/engine.js";
import type { Output, Outputs } from "../../ts/core/outputs.js";
import type { Network } from "../../ts/graph/network.js";

/** Of the largest element of an output. */
export const TOLERANCE = 2e-6;

export function networkOf(checkpoint: Uint8Array, arch?: Arch): Network {
  return toNetwork(readCheckpoint(checkpoint), arch === undefined ? {} : { arch });
}

export async function run(
  engine: Engine,
  network: Network,
  input: Float32Array | Int32Array,
  create: typeof createBlob = createBlob,
): Promise<Outputs> {
  const model = await engine.loadModel(await create(engine, network));
  const frames = input.length / network.inputWidth;
  const { needsMaxFrames } = model.info;
  const session = model.createSession(needsMaxFrames ? { maxFrames: frames } : {});
  try {
    return session.run(input);
  } finally {
    session.dispose();
    model.dispose();
  }
}

/** Largest difference, relative to the largest reference value. */
export function errorOf(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(got.length).toBe(expected.length);
  let largest = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i] as number));
    // NaN would pass a comparison
    const error = Math.abs((got[i] as number) - (expected[i] as number));
    worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
  }
  return worst / largest;
}

/** Vectors side by side, as torch.cat(..., -1) has them. */
export function joined(outputs: readonly Output[]): number[] {
  return outputs.flatMap(({ data }) => [...data]);
}
