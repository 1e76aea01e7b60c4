/**
 * Inputs of the bundled models' training sets, from the raw files of ../shared/data: what networks of integers are
 * calibrated and chosen with; nothing of it is in the test sets. Knows nothing of quantisation.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  cutSilences,
  DATA,
  flacsIn,
  NOISE_SPANS,
  readHarWindows,
  readKwsClips,
  readLabels,
} from "./test-sets.mjs";

const HAR_TRAINING = "train_inertial.f32";
/** Of HAR's training windows every sixth. */
const HAR_HELD_OUT = 6;

export const hasTrainingData =
  existsSync(join(DATA, "kws/train")) && existsSync(join(DATA, "uci_har/train_inertial.f32"));

/**
 * `count` inputs, evenly from the windows in their order (har) or from the clips by label and name (kws):
 * those that `mambalite quantize` takes of a file or folder with all of them.
 *
 * @param {"har" | "kws"} name
 */
export function readTrainingInputs(name, labels, count) {
  const all =
    name === "har"
      ? readHarWindows(HAR_TRAINING).map((window) => () => window)
      : readKwsClips("train", labels);
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]());
}

/**
 * Inputs to calibrate with, read one by one; `held-out` are others that choices are made by: kws's validation
 * split, and of HAR, which has none, training windows that `train` leaves out.
 *
 * @param {"har" | "kws"} name
 * @param {"train" | "held-out"} part
 */
export function readTrainingSet(name, part = "train") {
  return name === "har" ? harTraining(part) : kwsTraining(part);
}

function harTraining(part) {
  const all = readHarWindows(HAR_TRAINING);
  const isHeldOut = (index) => index % HAR_HELD_OUT === 0;
  return sourceOf(all.filter((_, index) => isHeldOut(index) === (part === "held-out")));
}

function kwsTraining(part) {
  const split = part === "train" ? "train" : "validation";
  const clips = readKwsClips(split, readLabels("kws"));
  const silences = cutSilences(flacsIn("kws/background_noise"), NOISE_SPANS[split]);
  return {
    count: clips.length + silences.length,
    item: (index) => (index < clips.length ? clips[index]() : silences[index - clips.length]),
  };
}

function sourceOf(inputs) {
  return { count: inputs.length, item: (index) => inputs[index] };
}
