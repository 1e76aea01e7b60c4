/** Windows of a stream: how long, how far apart, where nobody says otherwise. Knows nothing of what they are for. */
import type { InputShape } from "../core/input.js";
import type { WindowForm } from "../streaming/networks.js";

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
 * @returns undefined where nothing says how long a second is: of frames or tokens without both numbers
 */
export function usualWindows(
  info: InputShape,
  choice: WindowChoice,
  own?: WindowForm,
): WindowForm | undefined {
  const { window = own?.windowFrames, hop = own?.hopFrames } = choice;
  if (window !== undefined && hop !== undefined) return { windowFrames: window, hopFrames: hop };
  if (info.inputKind !== "samples") return undefined;
  const perSecond = info.sampleRateHz / info.hopSamples;
  const hopFrames = hop ?? Math.max(1, Math.round(perSecond / ANSWERS_PER_SECOND));
  const second = Math.max(1, Math.round((perSecond * WINDOW_SECONDS) / hopFrames));
  return { windowFrames: window ?? second * hopFrames, hopFrames };
}
