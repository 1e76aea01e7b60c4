/** What firmware needs to know of a detector, and what its example gives. Knows nothing of files. */

import type { Engine } from "../core/engine.js";
import type { InputArray } from "../core/input.js";
import { inputsPerFrame } from "../core/input.js";
import type { Detector, DetectorOptions } from "../streaming/index.js";
import { type Example, type FirmwareModel, inputsOf } from "./model.js";

/** The detector with its models, as firmware has it. */
export async function firmwareOf(
  engine: Engine,
  { setup }: Detector,
  options: DetectorOptions,
): Promise<FirmwareModel> {
  const model = await engine.loadModel(options.model);
  const front = options.front && (await engine.loadModel(options.front));
  try {
    const { info, ops, tensors, labels } = model;
    const maxFrames = info.needsMaxFrames ? { maxFrames: setup.windowFrames } : {};
    return {
      ...{ blob: options.model, info, ops, tensors, labels, version: engine.version },
      plan: model.plan({ tile: setup.tile, ...maxFrames }),
      detector: {
        ...setup,
        ...(front && {
          front: {
            blob: options.front!,
            ...{ info: front.info, ops: front.ops, tensors: front.tensors },
          },
        }),
      },
    };
  } finally {
    model.dispose();
    front?.dispose();
  }
}

/**
 * A stream, and the averages behind each of its answers.
 * @param input of 16 bits where it is of samples
 */
export function detectorExample(
  detector: Detector,
  model: FirmwareModel,
  input: InputArray,
): Example {
  const info = inputsOf(model);
  const portion = inputsPerFrame(info) * info.inputWidth;
  const rows: Float32Array[] = [];
  detector.reset();
  for (let at = 0; at < input.length; at += portion) {
    detector.push(input.slice(at, at + portion));
    if (detector.answers > rows.length) rows.push(detector.averages());
  }
  const width = detector.labels.length;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    data.set(row, i * width);
  });
  const { name } = model.info.outputs[0]!;
  return { input, outputs: [{ name, data, shape: [rows.length, width] }] };
}
