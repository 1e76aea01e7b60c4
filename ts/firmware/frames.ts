/** How many frames firmware makes room for. Knows no files. */
import type { ModelInfo } from "../core/info.js";
import { framesIn } from "../core/input.js";
import type { Plan, SessionOptions } from "../core/plan.js";

/**
 * The options with a `maxFrames` where a session needs one and neither they nor the model say it: that of the
 * sequence which the firmware is made for, `frames`.
 */
export function boundedBy(
  info: Pick<ModelInfo, "maxFrames" | "needsMaxFrames">,
  options: SessionOptions,
  frames: number,
): SessionOptions {
  const isBounded = (options.schedule ?? "stream") !== "stream" || info.needsMaxFrames;
  if (!isBounded || options.maxFrames !== undefined || info.maxFrames !== 0) return options;
  return { ...options, maxFrames: frames };
}

/** Frames of the self-test where the plan has no room for them; 0: it has, or there is no self-test. */
export function selfTestFramesBeyond(
  info: ModelInfo,
  { maxFrames }: Pick<Plan, "maxFrames">,
): number {
  const frames = framesIn(info, info.selfTestInputs * info.inputWidth);
  return maxFrames > 0 && frames > maxFrames ? frames : 0;
}
