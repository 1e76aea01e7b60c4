/** The model and the example of a firmware project: a detector's, or windows of inputs. Knows no files of it. */

import { readFileSync } from "node:fs";
import { readAudio } from "../audio/index.js";
import { BadArgument } from "../core/errors.js";
import { as16Bits, framesIn, type InputArray } from "../core/input.js";
import { type RunSettings, sessionOptions } from "../core/settings.js";
import {
  detectorExample,
  type Example,
  type FirmwareModel,
  firmwareOf,
} from "../firmware/index.js";
import { BUNDLED_MODELS } from "../models/node.js";
import { takenBy } from "../open/inputs.js";
import { type DetectorMode, listens } from "../open/listening.js";
import { leavesTileOpen } from "../profile/board-tile.js";
import { defaultFrames, exampleInput } from "../profile/index.js";
import { type BoardTile, fastestTile, type TileQuestion } from "../profile/times.js";
import { createDetector } from "../streaming/index.js";
import { type DetectorChoice, detectorOf, windowsOf } from "./detector.js";
import { readInputs } from "./load-input.js";
import type { OpenModel } from "./load-model.js";
import { refuseGiven } from "./options.js";

export interface FirmwareChoice extends RunSettings, Omit<DetectorChoice, "mode"> {
  readonly mode?: DetectorMode | "windows";
  readonly input?: string;
  readonly fold?: boolean;
  /** What a tile is chosen for where nothing is said of it. */
  readonly forBoard?: Omit<TileQuestion, "frames"> | undefined;
}

export interface ChosenFirmware {
  readonly model: FirmwareModel;
  readonly example: Example;
  /** Where the board has decided about it. */
  readonly tile?: BoardTile;
}

/** What the project does with inputs: what was asked for; else it listens where it can. */
export async function firmwareFor(
  named: string,
  open: OpenModel,
  choice: FirmwareChoice,
): Promise<ChosenFirmware> {
  const mode = choice.mode ?? (listens(open, choice) ? "running" : "windows");
  if (mode !== "windows") return detecting(named, open, { ...choice, mode });
  refuseGiven(choice, ["window", "hop", "smooth", "holdOff", "threshold"], "a detector", "windows");
  return inWindows(open, choice);
}

async function detecting(
  named: string,
  open: OpenModel,
  choice: FirmwareChoice & DetectorChoice,
): Promise<ChosenFirmware> {
  if (choice.fold === true) throw new BadArgument("--fold", "--mode windows with it", "a detector");
  const options = await detectorOf(open, choice);
  const detector = await createDetector(open.engine, options);
  try {
    const model = await firmwareOf(open.engine, detector, options);
    const input = await streamFor(named, open, choice);
    return { model, example: detectorExample(detector, model, input) };
  } finally {
    detector.dispose();
  }
}

const HOPS_OF_EXAMPLE = 4;
const QUIET_SECONDS = 0.5;

/** The recording that was given; a bundled one in quiet; else numbers, for some answers. */
async function streamFor(
  named: string,
  open: OpenModel,
  choice: FirmwareChoice,
): Promise<InputArray> {
  const { info } = open.model;
  if (choice.input !== undefined) return as16Bits(info, await firstInput(open, choice.input));
  const [recording] = BUNDLED_MODELS.find(({ name }) => name === named)?.examples ?? [];
  if (recording !== undefined && info.inputKind === "samples") {
    const word = readAudio(readFileSync(recording.url), info.sampleRateHz);
    const quiet = quietSamples(QUIET_SECONDS * info.sampleRateHz);
    return as16Bits(info, Float32Array.of(...quiet, ...word, ...quiet, ...quiet));
  }
  const { mode = "running" } = choice;
  const own = mode === "windows" ? undefined : open.stream?.[mode].windows;
  const { windowFrames, hopFrames } = windowsOf(open.model, choice, own);
  return as16Bits(info, exampleInput(info, windowFrames + HOPS_OF_EXAMPLE * hopFrames));
}

/** Not quite nothing, as of a microphone in a quiet room. */
function quietSamples(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (((i * 7919) % 41) - 20) / 32768);
}

async function inWindows(open: OpenModel, choice: FirmwareChoice): Promise<ChosenFirmware> {
  const { engine, model, blob } = open;
  const given =
    choice.input === undefined
      ? exampleInput(model.info, defaultFrames(model.info))
      : await firstInput(open, choice.input);
  const input = as16Bits(model.info, given);
  const frames = framesIn(model.info, input.length);
  const { forBoard } = choice;
  const tile =
    forBoard && leavesTileOpen(choice) ? fastestTile(model, { ...forBoard, frames }) : undefined;
  const settings = tile === undefined ? choice : { tile: tile.tile };
  const session = model.createSession(sessionOptions(settings, frames));
  try {
    const { info, ops, tensors, labels } = model;
    return {
      model: {
        ...{ blob, info, ops, tensors, labels },
        plan: session.plan,
        version: engine.version,
      },
      example: { input, outputs: session.run(input) },
      ...(tile && { tile }),
    };
  } finally {
    session.dispose();
  }
}

async function firstInput({ model }: OpenModel, path: string): Promise<InputArray> {
  const [first] = (await readInputs(path, takenBy(model), false)).sequences;
  if (first === undefined) throw new BadArgument("--input", "at least one sequence", "none");
  return first;
}
