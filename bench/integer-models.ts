/** Models as floats and as integers, calibrated over inputs like the one that is run. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeBlob } from "../ts/blob/write.js";
import { readCheckpoint, readNpy, toNetwork } from "../ts/checkpoint/index.js";
import { Engine } from "../ts/core/engine.js";
import type { Network } from "../ts/graph/network.js";
import { quantizeNetwork } from "../ts/quantize/int.js";
import { normalNumbers, uniformNumbers } from "./harness/random.js";
import type { Setup } from "./harness/setup.js";
import { KWS10, kws10, type OurModel, PUBLISHED_KWS10 } from "./models.js";

export interface TypedModel
  extends Pick<OurModel, "id" | "title" | "weights" | "frames" | "input"> {
  readonly blobs: Readonly<Record<"f32" | "int", Uint8Array>>;
}

interface Calibrated extends Omit<TypedModel, "blobs" | "input"> {
  readonly network: Network;
  /** The first one is run. */
  readonly inputs: readonly Float32Array<ArrayBuffer>[];
}

const INPUTS = 16;
const HAR_EXAMPLES = ["walking", "standing", "laying"];
const HAR_FRAMES = 128;

export async function integerModels({ root, core }: Setup): Promise<TypedModel[]> {
  const engine = await Engine.load({ wasm: core.simd });
  try {
    const models: TypedModel[] = [];
    for (const model of [spottedKeywords(root), bundledHar(root)]) {
      models.push(await inBothTypes(engine, model));
    }
    return models;
  } finally {
    engine.dispose();
  }
}

async function inBothTypes(engine: Engine, model: Calibrated): Promise<TypedModel> {
  const { network, inputs, ...rest } = model;
  const source = { count: inputs.length, item: (index: number) => inputs[index]! };
  const { blob } = await quantizeNetwork(engine, network, source, { shares: false });
  return { ...rest, input: inputs[0]!, blobs: { f32: writeBlob(network), int: blob } };
}

function spottedKeywords(root: string): Calibrated {
  const { networks, title, weights } = kws10(root);
  const { id, frames } = KWS10;
  return { id, title, weights, frames, network: networks.plain, inputs: keywordInputs(root) };
}

/** The published ones where they lie beside the checkout. */
function keywordInputs(root: string): Float32Array<ArrayBuffer>[] {
  const elements = KWS10.frames * KWS10.features;
  const file = join(root, PUBLISHED_KWS10, "inputs.npy");
  const all = existsSync(file)
    ? Float32Array.from(readNpy(readFileSync(file)).data, Number)
    : normalNumbers(uniformNumbers(elements), INPUTS * elements);
  return Array.from({ length: INPUTS }, (_, i) => all.slice(i * elements, (i + 1) * elements));
}

function bundledHar(root: string): Calibrated {
  const folder = join(root, "ts/models/har");
  return {
    id: "har",
    title: "bundled har, 128 frames of 9",
    weights: "bundled",
    frames: HAR_FRAMES,
    network: toNetwork(readCheckpoint(readFileSync(join(folder, "model.safetensors")))),
    inputs: HAR_EXAMPLES.map((name) =>
      Float32Array.from(readNpy(readFileSync(join(folder, `${name}.npy`))).data, Number),
    ),
  };
}
