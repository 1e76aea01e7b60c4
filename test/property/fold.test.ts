/**
 * Over random networks: folding changes rounding and nothing else, never makes work or weights more,
 * and leaves nothing to fold.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFoldedBlob, foldNetwork } from "../../ts/fold/index.js";
import { outputsOf } from "../../ts/graph/network.js";
import { Engine } from "../../ts/node.js";
import { askPytorch, type Expected, errorOf, findPython } from "./network-files.js";
import { build, networkCases } from "./random-network.js";

const NETWORKS = 150;
/** Of the largest element of an output. Wide, for badly conditioned networks; golden cases have tight bounds. */
const TOLERANCE = 1e-4;
/** Where float32 PyTorch itself is as far off, folding cannot be told from rounding. */
const FLOAT32_LIMIT = TOLERANCE / 10;
const TIMEOUT_MS = 120_000;

const python = findPython();
let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => {
  engine.dispose();
});

describe("folding", { timeout: TIMEOUT_MS }, () => {
  test.skipIf(python === undefined)(
    "leaves the function of any network as it is, and nothing to fold",
    async () => {
      const cases = fc.sample(networkCases, NETWORKS);
      const built = cases.map(build);
      const folded = built.map((each) => ({ ...each, network: foldNetwork(each.network).network }));
      const results = askPytorch(python as string, [...built, ...folded]);
      for (const [index, { network, input, frames }] of built.entries()) {
        const [before, after] = [results[index], results[NETWORKS + index]] as [Expected, Expected];
        const which = JSON.stringify(cases[index]);
        expect(foldNetwork(folded[index]!.network).steps, which).toEqual([]);
        const model = await engine.loadModel(await createFoldedBlob(engine, network));
        const bound = model.info.needsMaxFrames ? { maxFrames: frames } : {};
        const outputs = model.createSession(bound).run(input);
        if (before.roundingError < FLOAT32_LIMIT) {
          for (const { name } of outputsOf(network)) {
            const reference = before.outputs.get(name)!;
            const made = Float32Array.from(after.outputs.get(name)!.data);
            expect(errorOf(made, reference), `${name} of ${which}`).toBeLessThanOrEqual(TOLERANCE);
            const run = outputs.find((output) => output.name === name)!;
            expect(errorOf(run.data, reference), `${name} of ${which}`).toBeLessThanOrEqual(
              TOLERANCE,
            );
          }
        }
        model.dispose();
      }
    },
  );

  test("never makes weights or the work of a frame more", async () => {
    await fc.assert(
      fc.property(networkCases, (description) => {
        const { network } = build(description);
        const after = foldNetwork(network).network;
        expect(elements(after)).toBeLessThanOrEqual(elements(network));
        expect(network).toEqual(build(description).network);
      }),
      { numRuns: NETWORKS },
    );
  });
});

function elements(network: unknown): number {
  const seen = new Set<object>();
  const visit = (value: unknown): number => {
    if (value instanceof Float32Array) return value.length;
    if (typeof value !== "object" || value === null || seen.has(value)) return 0;
    seen.add(value);
    return Object.values(value).reduce((sum: number, member) => sum + visit(member), 0);
  };
  return visit(network);
}
