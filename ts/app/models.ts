/**
 * The bundled models as the page offers them: what each can be demonstrated with on top of what the
 * package says. Knows nothing of how they are opened.
 */

import { FILES } from "../models/har/index.js";
import { harModel } from "../models/har.js";
import { BUNDLED_MODELS, type BundledModel } from "../models/index.js";

export interface OfferedModel extends Omit<BundledModel, "integers"> {
  /** Frames of one classification, in training and live. */
  readonly windowFrames: number;
  readonly live: "microphone" | "motion" | null;
}

const DEMONSTRATIONS: Readonly<Record<string, Pick<OfferedModel, "windowFrames" | "live">>> = {
  kws: { windowFrames: 98, live: "microphone" },
  har: { windowFrames: 128, live: "motion" },
};

const HAR = harModel((file) => FILES[file]);

/** The page has `har` in its bundle, and shows its terms. */
const MODELS = BUNDLED_MODELS.map((model) => (model.name === HAR.name ? HAR : model));

/** Each model, and behind it its twin in integers, which takes the same examples. */
export const OFFERED_MODELS: readonly OfferedModel[] = MODELS.flatMap(
  ({ integers, stream, ...model }) => {
    const demonstration = DEMONSTRATIONS[model.name] ?? { windowFrames: 0, live: null };
    return [
      { ...model, ...demonstration, ...(stream && { stream }) },
      { ...model, ...integers, ...demonstration },
    ];
  },
);

/** Of models, and their twins, that are under other terms than the page. */
export const TERMS = MODELS.flatMap(({ name, integers, terms }) =>
  terms === undefined ? [] : [{ models: `${name} and ${integers.name}`, ...terms }],
);

export function offeredModel(name: string): OfferedModel | undefined {
  return OFFERED_MODELS.find((model) => model.name === name);
}
