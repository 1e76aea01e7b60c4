/**
 * Random networks of all kinds of ops: they agree with PyTorch in float64, and have the same bits under every
 * schedule, in any portions, with and without SIMD. MAMBALITE_RANDOM_NETWORKS says how many;
 * MAMBALITE_RANDOM_SEED from which number on.
 */
import { env } from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Outputs } from "../../ts/core/outputs.js";
import { DESCRIPTORS } from "../../ts/graph/descriptors/index.js";
import { Engine, writeBlob } from "../../ts/node.js";
import {
  askPytorch,
  assertAgrees,
  type Expected,
  FLOAT32_LIMIT,
  findPython,
} from "./network-files.js";
import { type Built, build, caseOf, describe, partOf } from "./random-network.js";
import { type Engines, outputsEveryWay } from "./runs.js";

const NETWORKS = Number(env.MAMBALITE_RANDOM_NETWORKS ?? 60);
const FIRST_SEED = Number(env.MAMBALITE_RANDOM_SEED ?? 0);
/** From here on an output is nothing but rounding, as of a mean that is exactly 0. */
const NOTHING_BUT_ROUNDING = 1e-4;
const MOST_ILL_CONDITIONED = 0.2;
/** Enough for every kind to come up. */
const ENOUGH_FOR_ALL_KINDS = 60;
/** Failures that are looked into. */
const MOST_SHOWN = 5;

const python = findPython();
const cases = Array.from({ length: NETWORKS }, (_, index) => caseOf(FIRST_SEED + index));
const built = cases.map(build);
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

test.runIf(NETWORKS >= ENOUGH_FOR_ALL_KINDS)("every kind of op is in some random network", () => {
  const kinds = new Set(built.flatMap(({ network }) => network.ops.map(({ kind }) => kind)));
  expect(Object.keys(DESCRIPTORS).filter((kind) => !kinds.has(kind as never))).toEqual([]);
});

test(`${NETWORKS} random networks have the same bits, however they are run`, async () => {
  const failures: string[] = [];
  for (const [index, each] of built.entries()) {
    const error = await failureOf(() => outputsEveryWay(engines, each, index));
    if (error === undefined) continue;
    const smallest = failures.length < MOST_SHOWN ? await smallestFailing(each, index) : "";
    failures.push(`seed ${cases[index]?.seed}: ${error}\n${smallest}`);
  }
  expect(failures.join("\n\n"), `${failures.length} of ${NETWORKS}`).toBe("");
}, 600_000);

test.skipIf(python === undefined)(
  `${NETWORKS} random networks agree with PyTorch`,
  async () => {
    const expected = askPytorch(python as string, built);
    const ill = expected.filter(({ roundingError }) => roundingError > FLOAT32_LIMIT);
    console.info(`${ill.length} of ${NETWORKS} networks are ill-conditioned in float32`);
    expect(ill.length).toBeLessThanOrEqual(MOST_ILL_CONDITIONED * NETWORKS);
    const failures: string[] = [];
    for (const [index, each] of built.entries()) {
      const reference = expected[index] as Expected;
      if (reference.roundingError > NOTHING_BUT_ROUNDING) continue;
      const error = await failureOf(async () => assertAgrees(await run(each), reference));
      if (error === undefined) continue;
      const first = failures.length < MOST_SHOWN ? await firstWrongOp(each) : "";
      failures.push(`seed ${cases[index]?.seed}: ${error}\n${first}`);
    }
    expect(failures.join("\n\n"), `${failures.length} of ${NETWORKS}`).toBe("");
  },
  600_000,
);

async function failureOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

async function run({ network, input, frames }: Built): Promise<Outputs> {
  const model = await engines.simd.loadModel(writeBlob(network));
  try {
    return model.createSession(model.info.needsMaxFrames ? { maxFrames: frames } : {}).run(input);
  } finally {
    model.dispose();
  }
}

/** The beginning of the network that fails already. */
async function smallestFailing(each: Built, seed: number): Promise<string> {
  for (const value of each.network.ops.keys()) {
    const part = { ...each, network: partOf(each.network, [value + 1]) };
    const error = await failureOf(() => outputsEveryWay(engines, part, seed));
    if (error !== undefined) return `${error}\n${describe(part.network)}`;
  }
  return `only as a whole:\n${describe(each.network)}`;
}

/** The first op of which the values differ, with what it needs. */
async function firstWrongOp(each: Built): Promise<string> {
  const parts = [...each.network.ops.keys()].map((value) => ({
    ...each,
    network: partOf(each.network, [value + 1]),
  }));
  const expected = askPytorch(python as string, parts);
  for (const [index, part] of parts.entries()) {
    const reference = expected[index] as Expected;
    const error = await failureOf(async () => assertAgrees(await run(part), reference));
    if (error !== undefined)
      return `${error}; float32 PyTorch: ${reference.roundingError}\n${describe(part.network)}`;
  }
  return `only as a whole:\n${describe(each.network)}`;
}
