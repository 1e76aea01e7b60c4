/** `--window` and `--hop`, and the blob of a running network. Knows nothing of what it is made for. */
import { createBlob } from "../blob/blob.js";
import type { Engine } from "../core/engine.js";
import { BadArgument } from "../core/errors.js";
import type { Model } from "../core/model.js";
import type { Network } from "../graph/network.js";
import { runningNetwork, STREAM_METADATA, type WindowForm } from "../streaming/index.js";

/** In frames. */
export interface WindowChoice {
  readonly window?: number;
  readonly hop?: number;
}

/** Of audio: as long as the clips that most keyword spotters are trained on, five answers a second. */
const WINDOW_SECONDS = 1;
const ANSWERS_PER_SECOND = 5;

/** @throws BadArgument for a model of frames without both */
export function windowsOf({ info }: Model, { window, hop }: WindowChoice): WindowForm {
  const { sampleRateHz, hopSamples, inputKind } = info;
  if (inputKind === "frames" && (window === undefined || hop === undefined)) {
    throw new BadArgument("--window and --hop", "numbers of frames, for a model of frames", "none");
  }
  const perSecond = sampleRateHz / hopSamples;
  const hopFrames = hop ?? Math.max(1, Math.round(perSecond / ANSWERS_PER_SECOND));
  const second = Math.max(1, Math.round((perSecond * WINDOW_SECONDS) / hopFrames));
  return { windowFrames: window ?? second * hopFrames, hopFrames };
}

/** A running model's blob, which says what it is. */
export function runningBlob(
  engine: Engine,
  network: Network,
  form: WindowForm,
): Promise<Uint8Array> {
  const metadata = { [STREAM_METADATA]: form };
  return createBlob(engine, runningNetwork(network, form), { metadata });
}
