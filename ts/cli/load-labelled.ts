/**
 * Finds inputs whose classes are known: two .npy files, or a folder of audio. Knows nothing of what is
 * done with them.
 */
import { join } from "node:path";
import { BadArgument } from "../core/errors.js";
import { framesIn } from "../core/input.js";
import type { Model } from "../core/model.js";
import { clipsIn, visible } from "../host/clips.js";
import { FileProblem, isUndecodable } from "../host/file-problem.js";
import { takenBy } from "../open/inputs.js";
import { classesOf } from "../open/labelled.js";
import type { Items } from "./batch/batch.js";
import { inFile, isDirectory, readBytes } from "./files.js";
import { inputItems, readInputs } from "./load-input.js";

export interface LabelledItems {
  readonly items: Items;
  /** Frames that the network makes of each. */
  readonly frames: number;
  /** Class of each: an index of the first output. */
  readonly classes: ArrayLike<number>;
}

/** @throws FileProblem */
export async function readLabelledInputs(
  inputsPath: string,
  classesPath: string,
  model: Model,
): Promise<LabelledItems> {
  const { info } = model;
  const inputs = await readInputs(inputsPath, takenBy(model), false);
  const count = inputs.sequences.length;
  const width = info.outputs[0]?.width ?? 0;
  const classes = await inFile(classesPath, () => classesOf(readBytes(classesPath), count, width));
  return { items: inputItems(inputs), frames: inputs.frames, classes };
}

/**
 * A folder of WAV or FLAC files a class, named as the model's labels: in the order of the labels, then
 * of the names. A label may have no folder, a folder no label may not be. Files beside the folders and
 * hidden ones are no part of the data set. The files are read when they are run.
 *
 * @param samples that every clip is padded to with zeros; default: one second
 * @throws BadArgument, FileProblem
 */
export function findDataset(folder: string, model: Model, samples?: number): LabelledItems {
  const { info, labels } = model;
  if (info.inputKind !== "samples") {
    throw new BadArgument("--dataset", "a model that takes samples", `one of ${info.inputKind}`);
  }
  if (labels.length === 0) {
    throw new BadArgument("--dataset", "a model with labels", "one without: --labels names them");
  }
  if (!isDirectory(folder)) throw new FileProblem(folder, "is not a folder of a data set");
  const stray = visible(folder).find(
    (name) => !labels.includes(name) && (isDirectory(join(folder, name)) || isUndecodable(name)),
  );
  if (stray !== undefined) {
    const known = labels.join(", ");
    throw new FileProblem(join(folder, stray), `is no label of the model, which has ${known}`);
  }
  const clips = labels.map((label) => clipsIn(join(folder, label)));
  const paths = clips.flat();
  if (paths.length === 0) {
    throw new FileProblem(folder, `has no clips in folders named ${labels.join(", ")}`);
  }
  const length = samples ?? info.sampleRateHz;
  const frames = framesIn(info, length);
  if (frames === 0) {
    throw new BadArgument("--samples", `at least ${info.windowSamples}, a window`, `${length}`);
  }
  const { sampleRateHz } = info;
  return {
    items: { kind: "clips", count: paths.length, paths, samples: length, sampleRateHz },
    frames,
    classes: clips.flatMap((ofClass, index) => ofClass.map(() => index)),
  };
}
