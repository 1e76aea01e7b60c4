/**
 * Over random networks: folding changes rounding and nothing else, never makes work or weights more,
 * and leaves nothing to fold.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFoldedBlob, foldNetwork } from "../../ts/fold/index.js";
import { Engine } from "../../ts/node.js";
import { build, networkCases } from "./random-network.js";
import { referenceLogits } from "./reference.js";

const NETWORKS = 150;
/** Of the largest logit. Wide, for badly conditioned networks; the golden cases have tight bounds. */
const TOLERANCE = 1e-4;
const TIMEOUT_MS = 120_000;

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => {
  engine.dispose();
});

describe("folding", { timeout: TIMEOUT_MS }, () => {
  test("leaves the function of any network as it is, and nothing to fold", async () => {
    await fc.assert(
      fc.asyncProperty(networkCases, async (description) => {
        const { network, input } = build(description);
        const folded = foldNetwork(network);
        expect(foldNetwork(folded.network).steps).toEqual([]);

        const expected = referenceLogits(network, input);
        expectNear(referenceLogits(folded.network, input), expected);
        const model = await engine.loadModel(await createFoldedBlob(engine, network));
        const session = model.createSession();
        session.selfTest();
        expectNear(session.run(input), expected);
        model.dispose();
      }),
      { numRuns: NETWORKS },
    );
  });

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

function expectNear(got: ArrayLike<number>, expected: readonly number[]): void {
  const largest = Math.max(...expected.map(Math.abs));
  const errors = expected.map((value, i) => Math.abs(got[i]! - value));
  expect(Math.max(...errors)).toBeLessThanOrEqual(TOLERANCE * Math.max(largest, 1e-3));
}

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
