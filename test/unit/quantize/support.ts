/** Bundled networks and inputs for tests of quantisation. */
import { readFileSync } from "node:fs";
import { readAudio } from "../../../ts/audio/index.js";
import { readCheckpoint, readNpy, toNetwork } from "../../../ts/checkpoint/index.js";
import { readFrontEnd, readLabels, withFrontEnd } from "../../../ts/frontend/index.js";
import { BUNDLED_MODELS } from "../../../ts/models/node.js";
import type { InputArray, Network } from "../../../ts/node.js";
import type { InputSource } from "../../../ts/quantize/inputs.js";

const SAMPLE_RATE_HZ = 16_000;

export interface Bundled {
  readonly network: Network;
  readonly examples: InputSource;
}

export function bundled(name: string): Bundled {
  const model = BUNDLED_MODELS.find((each) => each.name === name)!;
  const read = (url: URL) => new Uint8Array(readFileSync(url));
  const plain = toNetwork(readCheckpoint(read(model.checkpoint), { name }));
  const labels = readLabels(read(model.labels));
  const network = withFrontEnd({ ...plain, labels }, readFrontEnd(read(model.frontEnd)));
  const inputs = model.examples.map(({ url }) =>
    url.pathname.endsWith(".wav")
      ? readAudio(read(url), SAMPLE_RATE_HZ)
      : (readNpy(read(url)).data as Float32Array),
  );
  return { network, examples: sourceOf(inputs) };
}

export function sourceOf(inputs: readonly InputArray[]): InputSource {
  return { count: inputs.length, item: (index) => inputs[index] as InputArray };
}
