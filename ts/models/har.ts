/**
 * What `har` is, wherever its files are: they are in the package @mambalite/har (ts/models/har), since the data that it
 * was trained on forbid what the licence of this package allows. Knows no place of theirs.
 */
import { NotInstalled } from "../core/errors.js";
import type { BundledExample, BundledModel } from "./bundled-model.js";

export const HAR_PACKAGE = "@mambalite/har";

/** The package's files that are asked for by name. */
export type HarFile =
  | "LICENSE.txt"
  | "frontend.json"
  | "labels.json"
  | "laying.npy"
  | "model-int.mlm"
  | "model.mlm"
  | "model.safetensors"
  | "standing.npy"
  | "walking.npy";

/** @param remedy what leads on */
export function harMissing(remedy: string): NotInstalled {
  return new NotInstalled("har", HAR_PACKAGE, "its data forbid commercial use", remedy);
}

/** The files are looked for when somebody asks for them: until then it does not matter whether they are there. */
export function harModel(urlOf: (file: HarFile) => URL): BundledModel {
  const example = (name: "walking" | "standing" | "laying"): BundledExample => ({
    name,
    label: name.toUpperCase(),
    get url() {
      return urlOf(`${name}.npy`);
    },
  });
  return {
    name: "har",
    title: "activity recognition: 50 Hz accelerometer and gyroscope to six activities",
    get blob() {
      return urlOf("model.mlm");
    },
    get checkpoint() {
      return urlOf("model.safetensors");
    },
    get frontEnd() {
      return urlOf("frontend.json");
    },
    get labels() {
      return urlOf("labels.json");
    },
    examples: [example("walking"), example("standing"), example("laying")],
    integers: {
      name: "har-int",
      title: "activity recognition in integers: har for chips without an FPU",
      get blob() {
        return urlOf("model-int.mlm");
      },
    },
    terms: {
      summary: "trained on UCI HAR, whose terms prohibit any commercial use",
      get licence() {
        return urlOf("LICENSE.txt");
      },
    },
  };
}
