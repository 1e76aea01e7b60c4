/**
 * Makes the blob of a network complete: written, opened by the core, and with a self-test vector
 * whose logits the core itself has computed. Knows nothing of the format.
 */
import type { Engine } from "../core/engine.js";
import { type InputArray, inputLength } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Network } from "../network.js";
import { type BlobOptions, type SelfTest, writeBlob } from "./write.js";

/** Long enough that the convolution's history is full and the pool has something to pool. */
const LEAST_TEST_FRAMES = 8;
const FRAMES_AFTER_HISTORY = 2;
const SEED = 0x6d6c6d31;
/** Of noise that stays within the range of samples, [-1, 1). */
const SAMPLE_DEVIATION = 1 / 16;
/** A sum of twelve uniform numbers has variance 1 and needs no function but +. */
const UNIFORMS_PER_NORMAL = 12;

/**
 * The bytes of a network's blob with a self-test vector: seeded input of about 8 frames, N(0, 1), or
 * random tokens, or noise. A network whose logits are NaN for it (their bits are no part of the contract) gets
 * no vector.
 * @throws as `writeBlob` and `Engine.loadModel`
 */
export async function createBlob(
  engine: Engine,
  network: Network,
  options: Omit<BlobOptions, "selfTest"> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const blob = writeBlob(network, options);
  const model = await engine.loadModel(blob);
  try {
    const selfTest = recordSelfTest(model);
    return selfTest.logits.some(Number.isNaN) ? blob : writeBlob(network, { ...options, selfTest });
  } finally {
    model.dispose();
  }
}

function recordSelfTest(model: Model): SelfTest {
  const history = Math.max(...model.ops.map((op) => op.dConv));
  const frames = Math.max(LEAST_TEST_FRAMES, history + FRAMES_AFTER_HISTORY);
  const input = testInput(model, frames);
  const session = model.createSession();
  try {
    return { input, logits: session.run(input) };
  } finally {
    session.dispose();
  }
}

function testInput({ info }: Model, frames: number): InputArray {
  const uniform = uniformNumbers(SEED);
  if (info.inputKind === "tokens") {
    return Int32Array.from({ length: frames }, () => Math.floor(uniform() * info.vocabulary));
  }
  const scale = info.inputKind === "samples" ? SAMPLE_DEVIATION : 1;
  return Float32Array.from({ length: inputLength(info, frames) }, () => {
    let sum = -UNIFORMS_PER_NORMAL / 2;
    for (let i = 0; i < UNIFORMS_PER_NORMAL; i++) sum += uniform();
    return scale * sum;
  });
}

/** Uniform in [0, 1), 32 bits each: the mulberry32 generator (T. Ettinger, public domain). */
function uniformNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
