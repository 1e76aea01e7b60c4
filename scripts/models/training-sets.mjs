/**
 * Inputs of the bundled models' training sets, from the raw files of ../shared/data: what a twin in integers is
 * calibrated over. Knows nothing of quantisation.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DATA, readHarWindows, readKwsClips } from "./test-sets.mjs";

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
      ? readHarWindows("train_inertial.f32").map((window) => () => window)
      : readKwsClips("train", labels);
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]());
}
