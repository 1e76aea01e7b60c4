/** The microphone as a feed: what is opened is closed again, once, however it ends. Over a page's objects that are made up. */
import { afterEach, expect, test, vi } from "vitest";
import { openMicrophone } from "../../../ts/streaming/index.js";

afterEach(() => {
  vi.unstubAllGlobals();
});

interface Page {
  readonly stopTrack: ReturnType<typeof vi.fn>;
  /** How often the context was closed: no mock's, which would take what a promise rejects with. */
  closes: number;
}

/** Like a browser's: a context that is closed already does not close again. */
function page(addModule: () => Promise<void>): Page {
  const made: Page = { stopTrack: vi.fn(), closes: 0 };
  const close = async () => {
    if (made.closes++ > 0) throw new DOMException("closed", "InvalidStateError");
  };
  const node = { connect: () => {}, disconnect: () => {} };
  const context = {
    ...{ sampleRate: 16_000, audioWorklet: { addModule }, close, resume: async () => {} },
    createMediaStreamSource: () => node,
  };
  const getUserMedia = async () => ({ getTracks: () => [{ stop: made.stopTrack }] });
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
  vi.stubGlobal("AudioContext", function AudioContext() {
    return context;
  });
  vi.stubGlobal("AudioWorkletNode", function AudioWorkletNode() {
    return { port: { postMessage: () => {} } };
  });
  return made;
}

const port = { postMessage: () => {} } as unknown as MessagePort;

test("a worklet that cannot be had leaves neither a track nor an audio context behind", async () => {
  const opened = page(() => Promise.reject(new DOMException("404", "AbortError")));
  await expect(openMicrophone(port)).rejects.toMatchObject({ code: "NO_SOURCE", reason: "failed" });
  expect(opened.stopTrack).toHaveBeenCalledTimes(1);
  expect(opened.closes).toBe(1);
});

test("it may be stopped twice", async () => {
  const opened = page(async () => {});
  const { stop } = await openMicrophone(port);
  stop();
  stop();
  await new Promise((done) => setTimeout(done)); // a rejection that nobody takes fails the run
  expect(opened.closes).toBe(2);
});

test("a rate that the browser has no context for is left to who listens", async () => {
  const opened = page(async () => {});
  const Usual = globalThis.AudioContext;
  const rates: (number | undefined)[] = [];
  vi.stubGlobal("AudioContext", function AudioContext(options?: AudioContextOptions) {
    rates.push(options?.sampleRate);
    if (options?.sampleRate !== undefined) throw new DOMException("2000", "NotSupportedError");
    return new Usual();
  });
  const posted: unknown[] = [];
  const target = { postMessage: (data: unknown) => posted.push(data) } as unknown as MessagePort;
  const { stop } = await openMicrophone(target, { rateHz: 2_000 });
  expect(rates).toEqual([2_000, undefined]);
  expect(posted).toEqual([{ rateHz: 16_000 }]);
  stop();
  expect(opened.stopTrack).toHaveBeenCalledTimes(1);
  expect(opened.closes).toBe(1);
});
