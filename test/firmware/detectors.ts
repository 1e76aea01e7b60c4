/** Detectors of the bundled keyword spotter for tests, driven as it was trained for: running, and exact windows. */
import { readFileSync } from "node:fs";
import { readAudio } from "../../ts/audio/index.js";
import { createBlob } from "../../ts/blob/blob.js";
import { readCheckpoint, toNetwork } from "../../ts/checkpoint/index.js";
import type { Engine } from "../../ts/core/engine.js";
import { to16Bits } from "../../ts/core/input.js";
import { readFrontEnd, readLabels, withFrontEnd } from "../../ts/frontend/index.js";
import type { Network } from "../../ts/graph/network.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import { type DetectorOptions, runningNetwork, windowNetworks } from "../../ts/streaming/index.js";

export const RATE_HZ = 16_000;

const kws = BUNDLED_MODELS.find(({ name }) => name === "kws")!;
/** How it is driven. */
export const { running, exact } = kws.stream!;

export function kwsNetwork(): Network {
  const plain = toNetwork(readCheckpoint(readFileSync(kws.checkpoint)));
  const labels = readLabels(readFileSync(kws.labels));
  return withFrontEnd({ ...plain, labels }, readFrontEnd(readFileSync(kws.frontEnd)));
}

export async function runningDetector(engine: Engine): Promise<DetectorOptions> {
  const model = await createBlob(engine, runningNetwork(kwsNetwork(), running.windows));
  return { model, ...running.events };
}

export async function exactDetector(engine: Engine): Promise<DetectorOptions> {
  const { front, model } = windowNetworks(kwsNetwork());
  return {
    model: await createBlob(engine, model),
    front: await createBlob(engine, front!),
    ...exact.windows,
    ...exact.events,
  };
}

/** The bundled recordings, each a word of a second. */
export function words(): Int16Array[] {
  return kws.examples.map(({ url }) => {
    const samples = readAudio(readFileSync(url), RATE_HZ);
    const words = new Int16Array(samples.length);
    to16Bits(samples, words);
    return words;
  });
}

export const WORDS = kws.examples.map(({ label }) => label);
