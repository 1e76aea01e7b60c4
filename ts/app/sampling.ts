/**
 * Small facts about how a model's input becomes network frames, on top of what the core says. Knows
 * nothing of what is in an input.
 */
import { framesIn } from "../core/input.js";
import type { ModelInfo } from "../index.js";
import { defaultFrames } from "../profile/index.js";

/** Elements of input from one frame to the next. */
export function hopOf({ inputKind, inputWidth, hopSamples }: ModelInfo): number {
  return inputKind === "samples" ? hopSamples : inputWidth;
}

/** A length to profile with: one second of audio, else as on the command line. */
export function usualFrames(info: ModelInfo): number {
  const frames = defaultFrames(info);
  if (info.inputKind !== "samples") return frames;
  const second = Math.max(info.minFrames, framesIn(info, info.sampleRateHz));
  return info.maxFrames === 0 ? second : Math.min(second, info.maxFrames);
}
