/**
 * Makes the .mlm of every bundled model from what a user would bring: the checkpoint that
 * scripts/train wrote, the front end's constants and the labels; where it was trained for streams, the one that runs
 * without a reset; and, where ../shared/data is, the twin in
 * integers, calibrated over training data. The same bytes every time.
 *
 *   node scripts/models/make_bundled.mjs [--check]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process, { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../build.mjs";

ensureBuilt();
const { createBlob, Engine, quantizeNetwork } = await import("../../dist/node.js");
const { readCheckpoint, toNetwork } = await import("../../dist/checkpoint/index.js");
const { readFrontEnd, readLabels, withFrontEnd } = await import("../../dist/frontend/index.js");
const { BUNDLED_MODELS } = await import("../../dist/models/node.js");
const { createRunningBlob } = await import("../../dist/streaming/index.js");
const { hasTrainingData, readTrainingInputs } = await import("./training-sets.mjs");

const models = fileURLToPath(new URL("../../ts/models", import.meta.url));
/** What `mambalite quantize` takes of many. */
const CALIBRATION_INPUTS = 256;

const engine = await Engine.load({ simd: "off" });

function readNetwork(folder) {
  const read = (name) => readFileSync(join(folder, name));
  const network = toNetwork(readCheckpoint(read("model.safetensors")));
  const labels = readLabels(read("labels.json"));
  return withFrontEnd({ ...network, labels }, readFrontEnd(read("frontend.json")));
}

async function inIntegers(name, network) {
  const inputs = readTrainingInputs(name, network.labels, CALIBRATION_INPUTS);
  const source = { count: inputs.length, item: (index) => inputs[index] };
  // What is made does not depend on what it is compared over.
  const evaluation = { ...source, count: 1 };
  const { blob } = await quantizeNetwork(engine, network, source, { evaluation, shares: false });
  return blob;
}

/** Writes it, or with --check compares it with what is there. */
function keep(name, file, blob) {
  const path = join(models, name, file);
  if (!argv.includes("--check")) {
    writeFileSync(path, blob);
  } else if (!readFileSync(path).equals(blob)) {
    console.error(`${path} is not what this script makes`);
    process.exitCode = 1;
  }
  console.log(`${name}/${file}: ${blob.length} bytes`);
}

for (const { name, stream } of BUNDLED_MODELS) {
  const network = readNetwork(join(models, name));
  keep(name, "model.mlm", await createBlob(engine, network));
  if (stream !== undefined) {
    keep(name, "running.mlm", await createRunningBlob(engine, network, stream.running.windows));
  }
  if (hasTrainingData) keep(name, "model-int.mlm", await inIntegers(name, network));
  else console.log(`${name}/model-int.mlm: as it is, no training data in ../shared/data`);
}
