/** Options of a detector on the command line, and what they make of a model. Knows no commands. */

import { BadArgument } from "../core/errors.js";
import type { Model } from "../core/model.js";
import type { RunSettings } from "../core/settings.js";
import { type DetectorMode, detectorBlobs } from "../open/listening.js";
import { usualWindows, type WindowChoice } from "../open/windows.js";
import type { DetectorOptions, WindowForm } from "../streaming/index.js";
import { defaultThresholds } from "../streaming/thresholds.js";
import type { OpenModel } from "./load-model.js";
import { DECIMAL, parseNumber, refuseGiven } from "./options.js";

export interface DetectorChoice extends WindowChoice, RunSettings {
  readonly mode?: DetectorMode;
  readonly smooth?: number;
  readonly holdOff?: number;
  readonly threshold?: readonly string[];
  readonly rate?: number;
  readonly fold?: boolean;
}

/** For commands that have a detector only where one is asked for. @throws BadArgument */
export function refuseWithoutMode(options: DetectorChoice & { readonly seconds?: number }): void {
  const names = ["window", "hop", "smooth", "holdOff", "threshold", "seconds"];
  if (options.mode === undefined) refuseGiven(options, names, "--mode", "none");
}

/**
 * What was not said is as the card of a bundled model measures it.
 * @throws BadArgument for a model that is no detector's
 */
export async function detectorOf(
  open: OpenModel,
  choice: DetectorChoice,
): Promise<DetectorOptions> {
  const { smooth, holdOff, rate, tile, threshold, fold } = choice;
  refuseOtherPlans(choice);
  if (fold === true) throw new BadArgument("--fold", "no detector with it", "one");
  if (rate !== undefined && open.model.info.inputKind === "samples") {
    throw new BadArgument("--rate", "a model of frames with it", "one of samples");
  }
  const own = open.stream?.[choice.mode ?? "running"];
  const thresholds =
    threshold && amended(thresholdsOf(threshold), own?.events.thresholds, open.model.labels);
  const how = {
    ...own?.events,
    ...(smooth !== undefined && { smooth }),
    ...(holdOff !== undefined && { holdOff }),
    ...(rate !== undefined && { rateHz: rate }),
    ...(tile !== undefined && { tile }),
    ...(thresholds !== undefined && { thresholds }),
  };
  const isRunning = open.model.info.outputs[0]?.isSequence === true;
  if (open.network === undefined && isRunning) {
    refuseWindows(choice);
    return { model: open.blob, ...how };
  }
  if (open.network === undefined) {
    throw new BadArgument(
      "MODEL",
      "a checkpoint, or a .mlm of `convert --running`",
      "another .mlm",
    );
  }
  const { mode = "running" } = choice;
  const form = windowsOf(open.model, choice, own?.windows);
  return { ...(await detectorBlobs(open.engine, open.network, mode, form)), ...how };
}

/**
 * @param own what the model was trained for, if that is known
 * @throws BadArgument for a model of frames or tokens without both
 */
export function windowsOf({ info }: Model, choice: WindowChoice, own?: WindowForm): WindowForm {
  const form = usualWindows(info, choice, own);
  if (form !== undefined) return form;
  const { inputKind } = info;
  const numbers = `numbers of ${inputKind}, for a model of ${inputKind}`;
  const isAny = (choice.window ?? choice.hop) !== undefined;
  throw new BadArgument("--window and --hop", numbers, isAny ? "one of them" : "none");
}

/** Undefined for a blob that runs, which has its windows inside. */
export function windowsInUse(open: OpenModel, choice: DetectorChoice): WindowForm | undefined {
  if (open.network === undefined) return undefined;
  return windowsOf(open.model, choice, open.stream?.[choice.mode ?? "running"].windows);
}

/** A detector streams, with the tile that it is given. @throws BadArgument */
function refuseOtherPlans({ schedule = "stream", budget }: RunSettings): void {
  if (schedule !== "stream") {
    throw new BadArgument("--schedule", "stream with a detector", schedule);
  }
  refuseGiven({ budget }, ["budget"], "no detector", "one");
}

/** A blob that runs has its windows inside. @throws BadArgument */
function refuseWindows({ mode, window, hop }: DetectorChoice): void {
  const exact = mode === "exact" ? mode : undefined;
  const given = { mode: exact, window, hop };
  refuseGiven(given, Object.keys(given), "a checkpoint", "a .mlm of `convert --running`");
}

/** Above 1 is above every average. */
const NEVER = 2;
const THRESHOLDS = `a probability above 0, or up to ${NEVER} for never, or LABEL=P`;

type Thresholds = number | Readonly<Record<string, number>>;

/** Labels that are not named keep their own. */
function amended(
  given: Thresholds,
  own: Thresholds | undefined,
  labels: readonly string[],
): Thresholds {
  if (typeof given === "number") return given;
  const before = defaultThresholds(labels, own);
  return { ...Object.fromEntries(labels.map((label, i) => [label, before[i]!])), ...given };
}

/** `0.6` for all, or `yes=0.6` for one. */
function thresholdsOf(given: readonly string[]): Thresholds {
  const all = given.filter((text) => !text.includes("="));
  if (all.length > 0 && given.length > 1) {
    throw new BadArgument(
      "--threshold",
      "one number for all, or LABEL=P for each",
      given.join(" "),
    );
  }
  const number = (text: string) => {
    const value = parseNumber(DECIMAL, text);
    if (Math.fround(value) > 0 && value <= NEVER) return value;
    throw new BadArgument("--threshold", THRESHOLDS, JSON.stringify(text));
  };
  if (all[0] !== undefined) return number(all[0]);
  return Object.fromEntries(
    given.map((text) => {
      const at = text.lastIndexOf("=");
      return [text.slice(0, at), number(text.slice(at + 1))];
    }),
  );
}
