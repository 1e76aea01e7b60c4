/**
 * Makes the .mlm of every bundled model from what a user would bring: the checkpoint that
 * scripts/train wrote, the front end's constants and the labels. The same bytes every time.
 *
 *   node scripts/models/make_bundled.mjs [--check]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process, { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../build.mjs";

ensureBuilt();
const { createBlob, Engine } = await import("../../dist/node.js");
const { readCheckpoint, toNetwork } = await import("../../dist/checkpoint/index.js");
const { readFrontEnd, readLabels, withFrontEnd } = await import("../../dist/frontend/index.js");
const { BUNDLED_MODELS } = await import("../../dist/models/index.js");

const models = fileURLToPath(new URL("../../ts/models", import.meta.url));

async function convert(folder) {
  const read = (name) => readFileSync(join(folder, name));
  const network = toNetwork(readCheckpoint(read("model.safetensors")));
  const labels = readLabels(read("labels.json"));
  const whole = withFrontEnd({ ...network, labels }, readFrontEnd(read("frontend.json")));
  return createBlob(await Engine.load({ simd: "off" }), whole);
}

for (const { name } of BUNDLED_MODELS) {
  const folder = join(models, name);
  const path = join(folder, "model.mlm");
  const blob = await convert(folder);
  if (!argv.includes("--check")) {
    writeFileSync(path, blob);
  } else if (!readFileSync(path).equals(blob)) {
    console.error(`${path} is not what this script makes`);
    process.exitCode = 1;
  }
  console.log(`${name}/model.mlm: ${blob.length} bytes`);
}
