/**
 * Integer networks against the numpy reference, op by op and bit for bit: random ones, whose ops without a form for
 * integers stay floats, and the bundled ones; with and without SIMD, frame by frame and in tiles, within what they
 * were calibrated with and far outside. MAMBALITE_RANDOM_NETWORKS says how many; MAMBALITE_RANDOM_SEED from which
 * number on.
 */
import { env } from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeNetwork } from "../../ts/blob/encode.js";
import type { InputArray } from "../../ts/core/input.js";
import { INTEGER_PRIMITIVES } from "../../ts/graph/descriptors/integer.js";
import type { Network } from "../../ts/graph/network.js";
import { BadArgument, Engine, type InputSource, quantizeNetwork } from "../../ts/node.js";
import { refusal } from "../../ts/quantize/kinds.js";
import { bundled } from "../unit/quantize/support.js";
import { differenceOf, findNumpy, Reference, type Trace, traceOf } from "./integer-traces.js";
import { build, caseOf } from "./random-network.js";
import type { Engines } from "./runs.js";

const NETWORKS = Number(env.MAMBALITE_RANDOM_NETWORKS ?? 60);
const FIRST_SEED = Number(env.MAMBALITE_RANDOM_SEED ?? 0);
/** Enough for every kind to come up. */
const ENOUGH_FOR_ALL_KINDS = 60;
const TIMEOUT_MS = 1_800_000;
const STATES = [32, 16] as const;
const TILES = [1, 3, 64] as const;
/** By how much an input is larger than what its network was calibrated with. */
const FAR = 16;
const INTEGER_KINDS = INTEGER_PRIMITIVES.map(({ name }) => name);

const python = findNumpy();
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

describe.skipIf(python === undefined)("as the numpy reference has it", () => {
  test(`${NETWORKS} random networks`, { timeout: TIMEOUT_MS }, async () => {
    const seeds = Array.from({ length: NETWORKS }, (_, index) => FIRST_SEED + index);
    const kinds = await expectSame(async (comparison) => {
      for (const seed of seeds) {
        const { network, input } = build(caseOf(seed));
        await comparison.add(`seed ${seed}`, network, [input], floatsOf(network));
      }
    });
    if (NETWORKS >= ENOUGH_FOR_ALL_KINDS) {
      expect(INTEGER_KINDS.filter((kind) => !kinds.has(kind))).toEqual([]);
    }
  });

  test.each(["har", "kws"])("the bundled %s", { timeout: TIMEOUT_MS }, async (name) => {
    const { network, examples } = bundled(name);
    const inputs: InputArray[] = [];
    for (let i = 0; i < examples.count; i++) inputs.push(await examples.item(i));
    const kinds = await expectSame((comparison) => comparison.add(name, network, inputs, []));
    expect(kinds).toContain("selective_scan_int");
  });
});

/** @returns the kinds of ops that were compared */
async function expectSame(
  addAll: (comparison: Comparison) => Promise<void>,
): Promise<ReadonlySet<string>> {
  const comparison = new Comparison();
  try {
    await addAll(comparison);
    const { failures, kinds } = comparison.result();
    console.log(`compared: ${[...kinds].sort().join(", ")}`);
    expect(failures).toEqual([]);
    return kinds;
  } finally {
    comparison.dispose();
  }
}

class Comparison {
  readonly #reference = new Reference();
  readonly #names: string[] = [];
  readonly #failures: string[] = [];

  /** Both states, and each input as it is and far outside. */
  async add(
    name: string,
    network: Network,
    inputs: readonly InputArray[],
    floats: readonly string[],
  ): Promise<void> {
    for (const stateBits of STATES) {
      const case_ = `${name}, state of ${stateBits}`;
      try {
        const blob = await integersOf(network, inputs, stateBits, floats);
        for (const [index, input] of inputs.entries()) {
          await this.#compare(`${case_}, input ${index}`, blob, input);
          const far = farOutside(input);
          if (far) await this.#compare(`${case_}, input ${index} times ${FAR}`, blob, far);
        }
      } catch (error) {
        this.#failures.push(`${case_}: ${error}`);
      }
    }
  }

  async #compare(name: string, blob: Uint8Array, input: InputArray): Promise<void> {
    const models = [await engines.simd.loadModel(blob), await engines.baseline.loadModel(blob)];
    try {
      let first: Trace | undefined;
      for (const [index, model] of models.entries()) {
        for (const tile of TILES) {
          const trace = traceOf(model, input, tile);
          const difference = first && differenceOf(trace, first);
          const way = `${index === 0 ? "SIMD" : "scalar"}, tile ${tile}`;
          if (difference) this.#failures.push(`${name}, ${way}: ${difference}`);
          first ??= trace;
        }
      }
      this.#reference.ask({ blob, info: models[0]!.info, input, trace: first! });
      this.#names.push(name);
    } finally {
      for (const model of models) model.dispose();
    }
  }

  result(): { failures: readonly string[]; kinds: ReadonlySet<string> } {
    const answers = this.#reference.answers(python as string);
    const different = answers.flatMap(({ differences }, index) =>
      differences.slice(0, 1).map((difference) => `${this.#names[index]}: ${difference}`),
    );
    const kinds = new Set(answers.flatMap((answer) => answer.kinds));
    return { failures: [...this.#failures, ...different], kinds };
  }

  dispose(): void {
    this.#reference.dispose();
  }
}

function farOutside(input: InputArray): Float32Array | undefined {
  return input instanceof Float32Array ? input.map((value) => value * FAR) : undefined;
}

/** Names of ops without a form. */
function floatsOf(network: Network): string[] {
  const { ops } = encodeNetwork(network);
  return ops.filter((op) => refusal(op) !== undefined).map(({ name }) => name);
}

/** Ops whose values have no form stay floats, too, as the refusal says. */
async function integersOf(
  network: Network,
  inputs: readonly InputArray[],
  stateBits: 16 | 32,
  known: readonly string[],
): Promise<Uint8Array> {
  const source: InputSource = { count: inputs.length, item: (index) => inputs[index]! };
  const floats = [...known];
  for (;;) {
    try {
      const options = { stateBits, shares: false, float: floats };
      return (await quantizeNetwork(engines.simd, network, source, options)).blob;
    } catch (error) {
      const name = error instanceof BadArgument && /--float (\S+)$/.exec(error.expected)?.[1];
      if (!name || floats.includes(name)) throw error;
      floats.push(name);
    }
  }
}
