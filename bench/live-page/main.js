/** Listens to audio that is served, as fast as its worker takes it, and says what that took. For bench/cases/live.ts. */
import { WORDS } from "../../dist/models/index.js";
import { listen } from "../../dist/streaming/index.js";

/** A resampler keeps its last samples to itself. */
const KEPT_INPUTS = 1000;

/**
 * @param {{ audio: string, microphoneHz: number, blockSamples: number, repeats: number, inputs: number }} task
 * @returns {Promise<{ busyMs: number, events: number }>}
 */
globalThis.hear = async ({ audio, microphoneHz, blockSamples, repeats, inputs }) => {
  const samples = new Float32Array(await (await fetch(audio)).arrayBuffer());
  const post = async (port) => {
    port.postMessage({ rateHz: microphoneHz });
    for (let at = 0; at < repeats * samples.length; at += blockSamples) {
      const from = at % samples.length;
      port.postMessage(samples.slice(from, from + blockSamples));
    }
    return { stop: () => {} };
  };
  let events = 0;
  const { promise: busyMs, resolve, reject } = Promise.withResolvers();
  const { stop } = await listen({
    ...WORDS,
    from: post,
    onDetection: () => events++,
    onNote: (note) => note.inputs >= inputs - KEPT_INPUTS && resolve(note.busyMs),
    onProblem: reject,
  });
  return { busyMs: await busyMs.finally(stop), events };
};
