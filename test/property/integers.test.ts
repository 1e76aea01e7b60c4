/**
 * Random networks as integers: each is calibrated with its own input, ops without a form for integers stay floats, and
 * what comes out is a network that the core accepts, with the same bits whatever way it is run.
 * MAMBALITE_RANDOM_INTEGERS says how many; MAMBALITE_RANDOM_SEED from which number on.
 */
import { env } from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Encoded, type EncodedOp, encodeNetwork } from "../../ts/blob/encode.js";
import { BadArgument, Engine, writeBlob } from "../../ts/node.js";
import { convert } from "../../ts/quantize/convert.js";
import { refusal } from "../../ts/quantize/kinds.js";
import { type Observation, observe } from "../../ts/quantize/observe.js";
import { type Built, build, caseOf } from "./random-network.js";
import { type Engines, outputsEveryWay } from "./runs.js";

const NETWORKS = Number(env.MAMBALITE_RANDOM_INTEGERS ?? 40);
const FIRST_SEED = Number(env.MAMBALITE_RANDOM_SEED ?? 0);

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

test(`${NETWORKS} random networks as integers`, async () => {
  const failures: string[] = [];
  const kinds = new Set<string>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + NETWORKS; seed++) {
    const built = build(caseOf(seed));
    for (const stateBits of [32, 16] as const) {
      try {
        const encoded = encodeNetwork(built.network);
        const seen = await observed(built, encoded);
        const integers = converted(encoded, seen, stateBits);
        for (const { primitive } of integers.ops) kinds.add(primitive.name);
        await outputsEveryWay(engines, built, seed, { transform: () => integers });
      } catch (error) {
        failures.push(`seed ${seed}, state of ${stateBits}: ${error}`);
      }
    }
  }
  expect(failures).toEqual([]);
  if (NETWORKS < 40) return;
  const expected = [
    "linear",
    "norm",
    "causal_conv",
    "selective_scan",
    "gate",
    "pool",
    "arithmetic",
  ];
  expect([...kinds]).toEqual(expect.arrayContaining(expected.map((kind) => `${kind}_int`)));
});

async function observed({ network, input }: Built, encoded: Encoded): Promise<Observation> {
  const model = await engines.simd.loadModel(writeBlob(network));
  try {
    return await observe(model, encoded, { count: 1, item: () => input });
  } finally {
    model.dispose();
  }
}

/** Ops whose values have no form stay floats, too, as the refusal says. */
function converted(encoded: Encoded, seen: Observation, stateBits: 16 | 32): Encoded {
  const floats = new Set(encoded.ops.filter((op) => refusal(op) !== undefined).map(nameOf));
  for (;;) {
    try {
      return convert(encoded, seen, { stateBits, isFloat: (op) => floats.has(op.name) });
    } catch (error) {
      const name = error instanceof BadArgument && /--float (\S+)$/.exec(error.expected)?.[1];
      if (!name || floats.has(name)) throw error;
      floats.add(name);
    }
  }
}

function nameOf({ name }: EncodedOp): string {
  return name;
}
