/**
 * Random networks of all kinds of ops with matrices of i8: they agree with PyTorch in float64 on the weights that
 * the bytes stand for, and have the same bits however they are run. MAMBALITE_RANDOM_NETWORKS and
 * MAMBALITE_RANDOM_SEED as in networks.test.ts.
 */
import { env } from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine, writeBlob } from "../../ts/node.js";
import { quantizeW8 } from "../../ts/quantize/w8.js";
import { askPytorch, assertAgrees, findPython } from "./network-files.js";
import { type Built, build, caseOf } from "./random-network.js";
import { type Engines, outputsEveryWay } from "./runs.js";
import { dequantize } from "./w8.js";

const NETWORKS = Number(env.MAMBALITE_RANDOM_NETWORKS ?? 60);
const FIRST_SEED = Number(env.MAMBALITE_RANDOM_SEED ?? 0);
/** From here on an output is nothing but rounding. */
const NOTHING_BUT_ROUNDING = 1e-4;
const TIMEOUT_MS = 600_000;

const python = findPython();
const networks = Array.from({ length: NETWORKS }, (_, index) => {
  const built = build(caseOf(FIRST_SEED + index));
  const { network, dequantized, matrices } = dequantize(built.network);
  const small: Built = { ...built, network, transform: quantizeW8 };
  return { seed: FIRST_SEED + index, small, meant: { ...built, network: dequantized }, matrices };
}).filter(({ matrices }) => matrices > 0);
let engines: Engines;

beforeAll(async () => {
  engines = {
    baseline: await Engine.load({ simd: "off" }),
    simd: await Engine.load({ simd: "on" }),
  };
});

afterAll(() => {
  engines.baseline.dispose();
  engines.simd.dispose();
});

test(`${networks.length} of ${NETWORKS} have matrices of i8`, () => {
  expect(networks.length).toBeGreaterThan(NETWORKS / 3);
});

test("they have the same bits, however they are run", { timeout: TIMEOUT_MS }, async () => {
  const failures: string[] = [];
  for (const { seed, small } of networks) {
    const error = await failureOf(() => outputsEveryWay(engines, small, seed));
    if (error !== undefined) failures.push(`seed ${seed}: ${error}`);
  }
  expect(failures).toEqual([]);
});

test.skipIf(python === undefined)(
  "they agree with PyTorch on the weights that the bytes stand for",
  { timeout: TIMEOUT_MS },
  async () => {
    const expected = askPytorch(
      python as string,
      networks.map(({ meant }) => meant),
    );
    const failures: string[] = [];
    for (const [index, { seed, small }] of networks.entries()) {
      const reference = expected[index]!;
      if (reference.roundingError > NOTHING_BUT_ROUNDING) continue;
      const error = await failureOf(async () => assertAgrees(await run(small), reference));
      if (error !== undefined) failures.push(`seed ${seed}: ${error}`);
    }
    expect(failures).toEqual([]);
  },
);

async function failureOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return String(error).slice(0, 400);
  }
}

async function run({ network, input, frames }: Built) {
  const model = await engines.simd.loadModel(writeBlob(network, { transform: quantizeW8 }));
  try {
    return model.createSession(model.info.needsMaxFrames ? { maxFrames: frames } : {}).run(input);
  } finally {
    model.dispose();
  }
}
