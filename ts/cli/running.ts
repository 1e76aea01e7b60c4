/** `--window` and `--hop`. Knows nothing of what they are for. */
import { BadArgument } from "../core/errors.js";
import type { Model } from "../core/model.js";
import type { WindowForm } from "../streaming/index.js";

/** In frames. */
export interface WindowChoice {
  readonly window?: number;
  readonly hop?: number;
}

/** Of audio: as long as the clips that most keyword spotters are trained on, five answers a second. */
const WINDOW_SECONDS = 1;
const ANSWERS_PER_SECOND = 5;

/**
 * @param own what the model was trained for, if that is known
 * @throws BadArgument for a model of frames or tokens without both
 */
export function windowsOf({ info }: Model, choice: WindowChoice, own?: WindowForm): WindowForm {
  const { window = own?.windowFrames, hop = own?.hopFrames } = choice;
  const { sampleRateHz, hopSamples, inputKind } = info;
  if (inputKind !== "samples" && (window === undefined || hop === undefined)) {
    const numbers = `numbers of ${inputKind}, for a model of ${inputKind}`;
    const got = window ?? hop;
    throw new BadArgument(
      "--window and --hop",
      numbers,
      got === undefined ? "none" : "one of them",
    );
  }
  const perSecond = sampleRateHz / hopSamples;
  const hopFrames = hop ?? Math.max(1, Math.round(perSecond / ANSWERS_PER_SECOND));
  const second = Math.max(1, Math.round((perSecond * WINDOW_SECONDS) / hopFrames));
  return { windowFrames: window ?? second * hopFrames, hopFrames };
}
