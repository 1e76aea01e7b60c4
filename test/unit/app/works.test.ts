/** Operations of the page that overlap, with a worker that answers when it is told. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { OpenedModel, Reply, Request, RunAnswer } from "../../../ts/app/worker/protocol.js";

const asked: Request[] = [];
let worker: FakeWorker;

class FakeWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  constructor() {
    worker = this;
  }
  postMessage(request: Request): void {
    asked.push(request);
  }
  terminate(): void {}
}

vi.stubGlobal("location", { search: "?frames=4" });
vi.stubGlobal("Worker", FakeWorker);
const simulator = await import("../../../ts/app/state/simulator.js");
const { areOperatorsTold, busy, cancel, generation, measured, model } = simulator;
const { progressOf, waiting } = await import("../../../ts/app/state/works.js");
const running = await import("../../../ts/app/state/running.js");
const comparing = await import("../../../ts/app/state/comparison.js");
const evaluating = await import("../../../ts/app/state/evaluating.js");

/** To the request that was asked `index`th. */
async function reply(index: number, answer: Omit<Reply, "id">): Promise<void> {
  worker.onmessage?.({ data: { id: asked[index]!.id, ...answer } });
  await new Promise((resolve) => setTimeout(resolve));
}

const file = { path: "x.npy", file: new File([], "x.npy") };

function ran(name: string): RunAnswer {
  return { name, frames: 4, count: 1, results: [], ms: 1 };
}

function watchedAt(frame: number, value: number) {
  const states = [{ name: "s", values: Float32Array.of(value) }];
  return { frame, frames: 4, vectors: [], states, hiddenStates: 0 };
}

beforeEach(() => {
  asked.length = 0;
  model.value = { name: "a.mlm" } as OpenedModel;
  generation.value++;
});

describe("what is under way", () => {
  it("is the first of what was asked for, until all of it has ended", async () => {
    const compared = comparing.compareFiles([file]);
    const evaluated = evaluating.evaluateFiles([file]);
    expect(busy.value).toEqual({ what: "comparing" });
    expect(waiting.value).toBe(1);
    await reply(1, { progress: { what: "evaluating", share: 0.25 } });
    expect(busy.value).toEqual({ what: "comparing" });
    expect(progressOf("evaluate")).toEqual({ what: "evaluating", share: 0.25 });
    await reply(0, { problem: { code: "BAD", message: "no" } });
    await compared;
    expect(busy.value).toEqual({ what: "evaluating", share: 0.25 });
    expect(waiting.value).toBe(0);
    await reply(1, { output: { json: "{}" } });
    await evaluated;
    expect(busy.value).toBe(null);
    expect(comparing.comparisonProblem.value).toBe("no");
    expect(evaluating.evaluated.value).toEqual({ json: "{}" });
  });

  it("ends altogether when it is cancelled, without a word", async () => {
    const all = [comparing.compareFiles([file]), evaluating.evaluateFiles([file])];
    await cancel();
    await Promise.all(all);
    expect(busy.value).toBe(null);
    expect(waiting.value).toBe(0);
    expect(evaluating.isEvaluating.value).toBe(false);
    expect(evaluating.evaluationProblem.value).toBe(null);
    expect(comparing.comparisonProblem.value).toBe(null);
  });
});

describe("times of operators on this host", () => {
  const figures = (operatorMs: readonly number[], runMs: number) => ({
    choice: { schedule: "stream" as const, tile: 1, frames: 4, budget: 0 },
    report: { operators: operatorMs.map((hostMs) => ({ hostMs })) } as never,
    samplesMs: [3 * runMs, runMs],
  });

  it("are told only where all of them together take about as long as a run", () => {
    measured.value = figures([0.2, 0.5], 0.6);
    expect(areOperatorsTold.value).toBe(true);
    measured.value = figures([0.2, 3.7], 0.6);
    expect(areOperatorsTold.value).toBe(false);
    measured.value = null;
    expect(areOperatorsTold.value).toBe(false);
  });
});

describe("of two answers to the same question", () => {
  it("the last one asked for is shown, whatever the first one says", async () => {
    const first = evaluating.evaluateFiles([file]);
    const second = evaluating.evaluateFiles([file]);
    await reply(0, { problem: { code: "BAD", message: "of the first" } });
    await first;
    expect(evaluating.evaluationProblem.value).toBe(null);
    expect(evaluating.isEvaluating.value).toBe(true);
    await reply(1, { output: { json: "second" } });
    await second;
    expect(evaluating.evaluated.value).toEqual({ json: "second" });
    expect(evaluating.isEvaluating.value).toBe(false);
  });

  it("a run's state is never shown under the next run's name", async () => {
    const first = running.runInput("first", null);
    await reply(0, { output: ran("first") });
    expect(asked[1]).toMatchObject({ name: "watch" });
    const second = running.runInput("second", null);
    await reply(2, { output: ran("second") });
    expect(running.run.value?.name).toBe("second");
    await reply(1, { output: watchedAt(4, 1) });
    expect(running.watched.value).toBe(null);
    await reply(3, { output: watchedAt(4, 2) });
    await Promise.all([first, second]);
    expect(running.watched.value?.states[0]?.values[0]).toBe(2);
  });
});
