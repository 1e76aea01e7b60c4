/** The page's state of quantisation, with a worker that answers as it is told. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { OpenedModel, Reply, Request } from "../../../ts/app/worker/protocol.js";

/** What the worker was asked last, and how it answers. */
const asked: Request[] = [];
let answers: (request: Request) => Omit<Reply, "id">[] = () => [];

class FakeWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  postMessage(request: Request): void {
    asked.push(request);
    for (const reply of answers(request)) {
      queueMicrotask(() => this.onmessage?.({ data: { id: request.id, ...reply } }));
    }
  }
  terminate(): void {}
}

vi.stubGlobal("location", { search: "" });
vi.stubGlobal("Worker", FakeWorker);
const { model, busy, cancel } = await import("../../../ts/app/state/simulator.js");
const { bundledName } = await import("../../../ts/app/state/choice.js");
const state = await import("../../../ts/app/state/quantizing.js");

const opened = { name: "har.mlm", hasCheckpoint: true } as OpenedModel;
const made = { type: "int", blob: new Uint8Array(4), leftOut: [], report: {} };
const file = { path: "x.npy", file: new File([], "x.npy") };

function open(bundled: string | null): void {
  bundledName.value = bundled;
  model.value = { ...opened };
}

beforeEach(() => {
  asked.length = 0;
  answers = () => [{ output: made }];
  state.type.value = "int";
  open("har");
});

describe("examples", () => {
  it("are the bundled ones until a person brings some", async () => {
    expect(state.canQuantize.value).toBe(true);
    await state.quantizeModel();
    const paths = ["walking.npy", "standing.npy", "laying.npy"];
    const given = (request: Request) =>
      request.input as unknown as { examples: { path: string }[] };
    expect(given(asked[0]!).examples.map(({ path }) => path)).toEqual(paths);
    state.chooseExamples([file]);
    expect(state.isOpen.value).toBe(true);
    expect(state.takesBundled.value).toBe(false);
    await state.quantizeModel();
    expect(asked[1]).toMatchObject({ name: "quantize", input: { files: [file], examples: [] } });
  });

  it("are needed for integers, not for w8", () => {
    open(null);
    expect(state.canQuantize.value).toBe(false);
    state.type.value = "w8";
    expect(state.canQuantize.value).toBe(true);
  });

  it("go with their model, as what became of it does", async () => {
    state.chooseExamples([file]);
    state.floatText.value = "pool";
    await state.quantizeModel();
    expect(state.quantized.value).toEqual(made);
    open("har");
    expect(state.exampleFiles.value).toEqual([]);
    expect(state.floatText.value).toBe("");
    expect(state.quantized.value).toBe(null);
  });
});

describe("quantising", () => {
  it("asks for the type with its options, and shows how far it is", async () => {
    state.stateBits.value = 16;
    state.floatText.value = " logmel, layers.0  pool,";
    answers = () => [{ progress: { what: "calibrating", share: 0.5 } }, { output: made }];
    const running = state.quantizeModel();
    expect(state.isQuantizing.value).toBe(true);
    expect(busy.value).toEqual({ what: "quantising" });
    await running;
    expect(state.isQuantizing.value).toBe(false);
    const choice = { type: "int", stateBits: 16, float: ["logmel", "layers.0", "pool"] };
    expect(asked[0]).toMatchObject({ input: { choice } });
  });

  it("keeps the problem as one line, and forgets it when it goes on", async () => {
    answers = () => [{ problem: { code: "BAD_INPUT", message: "x.npy: bad input" } }];
    await state.quantizeModel();
    expect(state.quantizeProblem.value).toBe("x.npy: bad input");
    answers = () => [{ output: made }];
    await state.quantizeModel();
    expect(state.quantizeProblem.value).toBe(null);
  });

  it("that is cancelled says nothing, and keeps the examples", async () => {
    state.chooseExamples([file]);
    answers = ({ name }) => (name === "open" ? [{ output: opened }] : []);
    const running = state.quantizeModel();
    await cancel();
    await running;
    expect(state.isQuantizing.value).toBe(false);
    expect(state.quantizeProblem.value).toBe(null);
    expect(state.exampleFiles.value).toEqual([file]);
  });

  it("opens what it made in the model's place", async () => {
    await state.quantizeModel();
    answers = () => [{ output: { ...opened, name: "har-int.mlm" } }];
    await state.openQuantized();
    expect(asked[1]).toMatchObject({ name: "open", input: { source: { name: "har-int.mlm" } } });
    expect(model.value).toMatchObject({ name: "har-int.mlm" });
    expect(state.quantized.value).toBe(null);
  });
});
