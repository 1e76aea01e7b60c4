/**
 * Over random networks and options: the plan is consistent in itself, and sessions stay in their arenas. That it is
 * the truth is shown, for every way to run a network, by the poisoned arenas of runs.ts.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBlob, Engine, type Plan, type PlanBuffer, type Schedule } from "../../ts/node.js";
import { build, networkCases } from "./random-network.js";
import { optionsFor, textOf } from "./runs.js";

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

/** Far more than the test takes on two shared cores. */
const TIMEOUT_MS = 120_000;

describe("the plan", { timeout: TIMEOUT_MS }, () => {
  test("is consistent in itself", async () => {
    await fc.assert(
      fc.asyncProperty(networkCases, async (description) => {
        const { network, input } = build(description);
        const model = await engine.loadModel(await createBlob(engine, network));
        for (const options of optionsFor(model, input)) {
          const schedule = options.schedule ?? "stream";
          expectConsistent(model.plan(options), model.operators(schedule).length);
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
        const { minFrames, maxFrames, needsMaxFrames } = model.info;
        const [short, long] = [10, 1000].map((frames) => {
          const least = Math.max(frames, minFrames);
          return maxFrames === 0 ? least : Math.min(least, maxFrames);
        });
        const plans = (schedule: Schedule) =>
          [short, long].map((frames) => model.plan({ schedule, maxFrames: frames! }));
        if (!needsMaxFrames) expect(model.plan()).toEqual(model.plan({ maxFrames: long! }));
        for (const schedule of ["stream", "layer", "unfused"] as const) {
          const [shorter, longer] = plans(schedule);
          expect(longer!.arenaBytes).toBeGreaterThanOrEqual(shorter!.arenaBytes);
          if (!needsMaxFrames) expect(longer!.stateBytes).toBe(shorter!.stateBytes);
        }
        model.dispose();
      }),
      { numRuns: FEWER_NETWORKS },
    );
  });

  test("keeps sessions out of each other's memory and of the blob's", async () => {
    await fc.assert(
      fc.asyncProperty(networkCases, async (description) => {
        const { network, input } = build(description);
        const model = await engine.loadModel(await createBlob(engine, network));
        const options = optionsFor(model, input);
        const [a, b, ...others] = options.map((option) => model.createSession(option));
        const expected = textOf(a!.run(input));
        b!.arena().fill(0xa5);
        expect(textOf(a!.run(input))).toBe(expected);
        for (const session of others) expect(textOf(session.run(input))).toBe(expected);
        b!.dispose();
        expect(textOf(model.createSession(options[1]).run(input))).toBe(expected);
        for (const session of others) expect(textOf(session.run(input))).toBe(expected);
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
