/**
 * The bundled models as the page offers them: what each can be demonstrated with on top of what the
 * package says. Knows nothing of how they are opened.
 */
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

/** Each model, and behind it its twin in integers, which takes the same examples. */
export const OFFERED_MODELS: readonly OfferedModel[] = BUNDLED_MODELS.flatMap(
  ({ integers, stream, ...model }) => {
    const demonstration = DEMONSTRATIONS[model.name] ?? { windowFrames: 0, live: null };
    return [
      { ...model, ...demonstration, ...(stream && { stream }) },
      { ...model, ...integers, ...demonstration },
    ];
  },
);

export function offeredModel(name: string): OfferedModel | undefined {
  return OFFERED_MODELS.find((model) => model.name === name);
}
