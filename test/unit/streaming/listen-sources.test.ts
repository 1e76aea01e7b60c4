/**
 * A page that listens, over a worker and a microphone that are made up: the browser is asked for the model's rate, and
 * a source of something else than the model takes is refused.
 */
import { afterEach, expect, test, vi } from "vitest";
import { type Listener, listen } from "../../../ts/streaming/index.js";

const AUDIO = { labels: ["yes"], arenaBytes: 1, inputKind: "samples", inputWidth: 1 } as const;
const MODEL = { model: new Uint8Array(4) };

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A worker that is ready with `facts`, or stops. */
function workerOf(facts: Omit<Listener, "stop"> | undefined): () => Worker {
  const reply = facts === undefined ? { problem: { code: "X", message: "" } } : { ready: facts };
  class MadeUpWorker extends EventTarget {
    postMessage(): void {
      setTimeout(() => this.dispatchEvent(new MessageEvent("message", { data: reply })));
    }
    terminate(): void {}
  }
  return () => new MadeUpWorker() as unknown as Worker;
}

/** A microphone in a browser that makes audio at the rates of `possible` alone. */
function microphone(possible: (rateHz: number) => boolean) {
  const page = { asked: [] as (number | undefined)[], stopTrack: vi.fn() };
  const getUserMedia = async () => ({ getTracks: () => [{ stop: page.stopTrack }] });
  const node = { connect: () => {}, disconnect: () => {} };
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
  vi.stubGlobal("AudioContext", function AudioContext(options?: { sampleRate: number }) {
    page.asked.push(options?.sampleRate);
    if (options && !possible(options.sampleRate)) throw new DOMException("", "NotSupportedError");
    return {
      ...{ sampleRate: options?.sampleRate ?? 48_000, audioWorklet: { addModule: async () => {} } },
      ...{ close: async () => {}, resume: async () => {}, createMediaStreamSource: () => node },
    };
  });
  vi.stubGlobal("AudioWorkletNode", function AudioWorkletNode() {
    return { port: { postMessage: () => {} } };
  });
  return page;
}

test.each([8_000, 44_100])("a model of %i Hz has the microphone asked for that", async (rateHz) => {
  const page = microphone(() => true);
  const { stop } = await listen({ ...MODEL, worker: workerOf({ ...AUDIO, rateHz }) });
  stop();
  expect(page.asked).toEqual([rateHz]);
});

test("a rate that no browser makes is left to the resampler", async () => {
  const page = microphone((rateHz) => rateHz >= 8_000);
  const { stop } = await listen({ ...MODEL, worker: workerOf({ ...AUDIO, rateHz: 1_000 }) });
  stop();
  expect(page.asked).toEqual([1_000, undefined]);
});

test("a source of something else than the model takes is refused, and let go", async () => {
  const page = microphone(() => true);
  const frames = { ...AUDIO, rateHz: undefined, inputKind: "frames", inputWidth: 4 } as const;
  await expect(listen({ ...MODEL, worker: workerOf(frames) })).rejects.toThrow(
    'from: expected a source of frames of 4, as the model takes them, got "microphone", which gives samples',
  );
  await vi.waitFor(() => expect(page.stopTrack).toHaveBeenCalled());
});

test("a microphone that was asked for is let go when there is no detector", async () => {
  const page = microphone(() => true);
  await expect(listen({ ...MODEL, worker: workerOf(undefined) })).rejects.toMatchObject({
    problem: "X",
  });
  await vi.waitFor(() => expect(page.stopTrack).toHaveBeenCalled());
});
