/**
 * Makes the blob of a network complete: written, opened by the core, and with a self-test vector
 * whose outputs the core itself has computed. Knows nothing of the format.
 */
import type { Engine } from "../core/engine.js";
import { framesIn, type InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Network } from "../graph/network.js";
import { type Encoded, encodeNetwork } from "./encode.js";
import { type BlobOptions, type SelfTest, writeBlob } from "./write.js";

export interface CompleteBlobOptions extends Omit<BlobOptions, "selfTest"> {
  /** What the self-test runs, instead of noise: an input of the network's own kind. */
  readonly testInput?: InputArray;
}

/** Long enough that every window has been full and pools have something to pool. */
const LEAST_TEST_FRAMES = 8;
const FRAMES_AFTER_HISTORY = 2;
const SEED = 0x6d6c6d31;
/** Of noise that stays within the range of samples, [-1, 1). */
const SAMPLE_DEVIATION = 1 / 16;
/** A sum of twelve uniform numbers has variance 1 and needs no function but +. */
const UNIFORMS_PER_NORMAL = 12;

/**
 * The bytes of a network's blob with a self-test vector: seeded input of about 8 frames, N(0, 1), or
 * random tokens, or noise; or what `options` give. A network whose outputs hold NaN for it (their bits are no part of the contract)
 * gets no vector.
 * @throws as `writeBlob` and `Engine.loadModel`
 */
export async function createBlob(
  engine: Engine,
  network: Network,
  { testInput: given, ...options }: CompleteBlobOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const blob = writeBlob(network, options);
  const model = await engine.loadModel(blob);
  try {
    const test =
      given === undefined
        ? testInput(network, encodeNetwork(network))
        : { input: given, frames: framesIn(model.info, given.length) };
    const selfTest = recordSelfTest(model, test);
    const hasNan = selfTest.outputs.some((output) => output.some(Number.isNaN));
    return hasNan ? blob : writeBlob(network, { ...options, selfTest });
  } finally {
    model.dispose();
  }
}

function recordSelfTest(model: Model, { input, frames }: TestInput): SelfTest {
  const session = model.createSession(model.info.needsMaxFrames ? { maxFrames: frames } : {});
  try {
    return { input, outputs: session.run(input).map(({ data }) => data) };
  } finally {
    session.dispose();
  }
}

interface TestInput {
  readonly input: InputArray;
  readonly frames: number;
}

function testInput({ inputKind, inputWidth }: Network, encoded: Encoded): TestInput {
  const { lengths, vocabulary, windowInputs, hopInputs } = encoded;
  const frames = lengths.near(Math.max(LEAST_TEST_FRAMES, lengths.history + FRAMES_AFTER_HISTORY));
  const uniform = uniformNumbers(SEED);
  if (inputKind === "tokens") {
    const input = Int32Array.from({ length: frames }, () => Math.floor(uniform() * vocabulary));
    return { input, frames };
  }
  const scale = inputKind === "samples" ? SAMPLE_DEVIATION : 1;
  const length = (windowInputs + (frames - 1) * hopInputs) * inputWidth;
  const input = Float32Array.from({ length }, () => {
    let sum = -UNIFORMS_PER_NORMAL / 2;
    for (let i = 0; i < UNIFORMS_PER_NORMAL; i++) sum += uniform();
    return scale * sum;
  });
  return { input, frames };
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
