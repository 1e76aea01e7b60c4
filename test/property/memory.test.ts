/**
 * Over random networks and options: the plan is consistent in itself, and it is the truth, shown by
 * a poisoned arena between guards.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createBlob,
  Engine,
  type Plan,
  type PlanBuffer,
  type SessionOptions,
} from "../../ts/node.js";
import { bitsOf, build, type Case, networkCases } from "./random-network.js";

const NETWORKS = 40;
const FEWER_NETWORKS = 20;
const ALIGNMENT = 16;

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => {
  engine.dispose();
});

const tiles = fc.constantFrom(1, 2, 3, 8, 100);

function optionsFor({ frames }: Case, tile: number): readonly SessionOptions[] {
  return [
    { schedule: "stream", tile },
    { schedule: "layer", maxFrames: frames },
    { schedule: "unfused", maxFrames: frames },
  ];
}

/** Far more than the test takes on two shared cores. */
const TIMEOUT_MS = 120_000;

describe("the plan", { timeout: TIMEOUT_MS }, () => {
  test("is consistent in itself", async () => {
    await fc.assert(
      fc.asyncProperty(networkCases, tiles, async (description, tile) => {
        const model = await engine.loadModel(await createBlob(engine, build(description).network));
        for (const options of optionsFor(description, tile)) {
          expectConsistent(model.plan(options), model.operators(options.schedule!).length);
        }
        model.dispose();
      }),
      { numRuns: NETWORKS },
    );
  });

  test("does not depend on the length of a sequence in stream, and grows with it otherwise", async () => {
    await fc.assert(
      fc.asyncProperty(networkCases, async (description) => {
        const model = await engine.loadModel(await createBlob(engine, build(description).network));
        expect(model.plan({ maxFrames: 10 })).toEqual(model.plan({ maxFrames: 100_000 }));
        for (const schedule of ["layer", "unfused"] as const) {
          const short = model.plan({ schedule, maxFrames: 10 });
          const long = model.plan({ schedule, maxFrames: 1000 });
          expect(long.arenaBytes).toBeGreaterThanOrEqual(short.arenaBytes);
          expect(long.stateBytes).toBe(short.stateBytes);
        }
        model.dispose();
      }),
      { numRuns: FEWER_NETWORKS },
    );
  });

  test("is what a session touches, no more and no less", async () => {
    await fc.assert(
      fc.asyncProperty(networkCases, tiles, async (description, tile) => {
        const { network, input } = build(description);
        const model = await engine.loadModel(await createBlob(engine, network));
        const expected = bitsOf(model.createSession().run(input));
        for (const options of optionsFor(description, Math.min(tile, description.frames))) {
          const measured = model.measureArena(input, options);
          expect(measured.guardsIntact).toBe(true);
          expect(measured.highWaterBytes).toBe(measured.plan.arenaBytes);
          expect(bitsOf(measured.logits)).toBe(expected);
        }
        model.dispose();
      }),
      { numRuns: NETWORKS },
    );
  });

  test("keeps sessions out of each other's memory and of the blob's", async () => {
    await fc.assert(
      fc.asyncProperty(networkCases, tiles, async (description, tile) => {
        const { network, input } = build(description);
        const model = await engine.loadModel(await createBlob(engine, network));
        const [a, b, c] = optionsFor(description, tile).map((o) => model.createSession(o));
        const expected = bitsOf(a!.run(input));
        b!.arena().fill(0xa5);
        expect(bitsOf(a!.run(input))).toBe(expected);
        expect(bitsOf(c!.run(input))).toBe(expected);
        b!.dispose();
        expect(bitsOf(model.createSession({ tile: 2 }).run(input))).toBe(expected);
        expect(bitsOf(c!.run(input))).toBe(expected);
        model.dispose();
      }),
      { numRuns: FEWER_NETWORKS },
    );
  });
});

function expectConsistent(plan: Plan, operators: number): void {
  expect(plan.arenaBytes).toBe(plan.stateBytes + plan.scratchBytes + plan.ioBytes);
  expect(plan.overheadBytes).toBe(plan.arenaBytes - plan.minimumBytes);
  expect(plan.minimumBytes).toBe(largestLiveSum(plan.buffers, operators));
  expect(plan.overheadBytes).toBeGreaterThanOrEqual(0);
  expect(Math.max(...plan.buffers.map((b) => b.offset + b.bytes))).toBe(plan.arenaBytes);
  expect(bytesOf(plan, "state")).toBe(plan.stateBytes);
  expect(bytesOf(plan, "io")).toBe(plan.ioBytes);
  expect(plan.buffers.find((b) => b.name === "session")?.bytes).toBe(plan.sessionBytes);
  expect(new Set(plan.buffers.map((b) => b.name)).size).toBe(plan.buffers.length);
  for (const buffer of plan.buffers) expectSound(buffer, operators);
  for (const [i, a] of plan.buffers.entries()) {
    for (const b of plan.buffers.slice(i + 1)) {
      if (alive(a, b) && overlap(a, b)) throw new Error(`${a.name} and ${b.name} share bytes`);
    }
  }
}

function expectSound(buffer: PlanBuffer, operators: number): void {
  expect(buffer.offset % ALIGNMENT).toBe(0);
  expect(buffer.bytes % ALIGNMENT).toBe(0);
  expect(buffer.bytes).toBeGreaterThan(0);
  expect(buffer.firstOp).toBeLessThanOrEqual(buffer.lastOp);
  expect(buffer.lastOp).toBeLessThan(operators);
  if (buffer.kind !== "state") return;
  expect([buffer.firstOp, buffer.lastOp]).toEqual([0, operators - 1]);
}

function alive(a: PlanBuffer, b: PlanBuffer): boolean {
  return a.firstOp <= b.lastOp && b.firstOp <= a.lastOp;
}

function overlap(a: PlanBuffer, b: PlanBuffer): boolean {
  return a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

function bytesOf(plan: Plan, kind: PlanBuffer["kind"]): number {
  return sum(plan.buffers.filter((b) => b.kind === kind));
}

/**
 * The theoretical minimum, from the buffers themselves. The logits have bytes of their own, which
 * no plan may reuse since they are read after the last operator, and so count throughout.
 */
function largestLiveSum(buffers: readonly PlanBuffer[], operators: number): number {
  const sums = Array.from({ length: operators }, (_, operator) =>
    sum(buffers.filter((b) => b.firstOp <= operator && operator <= b.lastOp)),
  );
  return Math.max(...sums);
}

function sum(buffers: readonly PlanBuffer[]): number {
  return buffers.reduce((total, b) => total + b.bytes, 0);
}
