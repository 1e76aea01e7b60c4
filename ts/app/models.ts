/**
 * The bundled models as the page offers them: what each can be demonstrated with on top of what the
 * package says. Knows nothing of how they are opened.
 */
import { BUNDLED_MODELS, type BundledModel } from "../models/index.js";

export interface OfferedModel extends BundledModel {
  /** Frames of one classification, in training and live. */
  readonly windowFrames: number;
  readonly live: "microphone" | "motion" | null;
}

const DEMONSTRATIONS: Readonly<Record<string, Pick<OfferedModel, "windowFrames" | "live">>> = {
  kws: { windowFrames: 98, live: "microphone" },
  har: { windowFrames: 128, live: "motion" },
};

export const OFFERED_MODELS: readonly OfferedModel[] = BUNDLED_MODELS.map((model) => ({
  ...model,
  ...(DEMONSTRATIONS[model.name] ?? { windowFrames: 0, live: null }),
}));

export function offeredModel(name: string): OfferedModel | undefined {
  return OFFERED_MODELS.find((model) => model.name === name);
}
