/**
 * The networks that the figures of integers are about, what they are calibrated with and what they are tested with.
 * KWS-10 has inputs but no training set: it is calibrated with every second one of them. Knows nothing of figures.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DATA, readTestSet } from "../test-sets.mjs";
import { readTrainingSet } from "../training-sets.mjs";

const { Engine, logitsOf, quantize, quantizeNetwork, writeBlob } = await import(
  "../../../dist/node.js"
);
const { readArch, readCheckpoint, readNpy, toNetwork } = await import(
  "../../../dist/checkpoint/index.js"
);
const { readFrontEnd, readLabels, withFrontEnd } = await import("../../../dist/frontend/index.js");

const MODELS = fileURLToPath(new URL("../../../ts/models", import.meta.url));
const EXAMPLES = fileURLToPath(new URL("../../../examples", import.meta.url));
const KWS10 = join(DATA, "paper_kws10");

/** What `quantize` takes if it is not told. */
const CALIBRATION_INPUTS = 256;

/** As `Engine.load` gives them; the first is the usual one. */
export const engines = {
  simd: await Engine.load({ simd: "on" }),
  scalar: await Engine.load({ simd: "off" }),
};

/** A network with `test`, its inputs and, where they have classes, those, and `training`, what to calibrate with. */
export function readSubject(name) {
  if (name === "kws10") return readKws10();
  return name === "kws-conv2d" ? readStem(name) : readBundled(name);
}

function readBundled(name) {
  const network = readNetwork(join(MODELS, name));
  return { name, network, test: readTestSet(name), training: readTrainingSet(name) };
}

/** Of the bundled keyword spotter's clips. */
function readStem(name) {
  const folder = join(EXAMPLES, name);
  const arch = readArch(readFileSync(join(folder, "arch.json")));
  const network = readNetwork(folder, { arch });
  return { name, network, test: readTestSet("kws"), training: readTrainingSet("kws") };
}

function readNetwork(folder, options) {
  const read = (file) => readFileSync(join(folder, file));
  const plain = toNetwork(readCheckpoint(read("model.safetensors")), options);
  const labels = readLabels(read("labels.json"));
  return withFrontEnd({ ...plain, labels }, readFrontEnd(read("frontend.json")));
}

function readKws10() {
  const read = (file) => readFileSync(join(KWS10, file));
  const { data, shape } = readNpy(read("inputs.npy"));
  const length = shape[1] * shape[2];
  const inputs = Array.from({ length: shape[0] }, (_, i) =>
    data.subarray(i * length, (i + 1) * length),
  );
  const some = inputs.filter((_, index) => index % 2 === 0);
  return {
    name: "kws10",
    network: toNetwork(readCheckpoint(read("model.safetensors"))),
    test: { inputs },
    training: sourceOf(some),
  };
}

function sourceOf(inputs) {
  return { count: inputs.length, item: (index) => inputs[index] };
}

/** As many as are usual, evenly from all. */
export function calibration({ count, item }) {
  const some = Math.min(count, CALIBRATION_INPUTS);
  return { count: some, item: (index) => item(Math.floor((index * count) / some)) };
}

/** `count` of them at random; a seed gives the same ones on every machine. */
export function randomSome({ count: all, item }, count, seed) {
  const chosen = new Set();
  let state = seed + 1;
  while (chosen.size < count) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    chosen.add((state >>> 0) % all);
  }
  const indices = [...chosen];
  return { count, item: (index) => item(indices[index]) };
}

export async function integersOf({ network }, source, options = {}) {
  const { blob } = await quantizeNetwork(engines.simd, network, source, {
    ...options,
    evaluation: { ...source, count: 1 },
    shares: false,
  });
  return blob;
}

export function floatsOf({ network }) {
  return writeBlob(network);
}

export function weightBytesOf({ network }) {
  return quantize(engines.simd, network, { type: "w8" });
}

/** Bytes of weights, and of the arena at tile 1. */
export async function sizesOf(blob) {
  const model = await engines.simd.loadModel(blob);
  const weights = model.tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  const { arenaBytes } = model.plan();
  model.dispose();
  return `${weights} bytes of weights, arena of ${arenaBytes}`;
}

/** Logits of every input, and values of the state that were cut off over all of them. */
export async function runAll(blob, inputs, engine = engines.simd) {
  const model = await engine.loadModel(blob);
  const session = model.createSession();
  let saturations = 0;
  const logits = inputs.map((input) => {
    const row = Float32Array.from(logitsOf(session.run(input)));
    saturations += session.saturations;
    return row;
  });
  model.dispose();
  return { logits, saturations };
}
