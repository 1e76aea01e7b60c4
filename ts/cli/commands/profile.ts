/** `mambalite profile`: what a model needs, what it does, and which boards can hold it. */

import { cpus } from "node:os";
import { BadArgument } from "../../core/errors.js";
import { framesIn, inputLength } from "../../core/input.js";
import type { Model } from "../../core/model.js";
import type { RunSettings } from "../../core/settings.js";
import type { Board, WeightsChoice } from "../../device/index.js";
import { takenBy } from "../../open/inputs.js";
import { listens } from "../../open/listening.js";
import { reportOf, reportText } from "../../open/report.js";
import { leavesTileOpen } from "../../profile/board-tile.js";
import { DEFAULT_EFFORT, defaultFrames, type Effort } from "../../profile/index.js";
import { fastestTile } from "../../profile/times.js";
import type { DetectorOptions } from "../../streaming/index.js";
import { twinOf } from "../bundled.js";
import { type DetectorChoice, detectorOf, refuseWithoutMode } from "../detector.js";
import { readInputs } from "../load-input.js";
import { type ModelChoice, type OpenModel, withModel } from "../load-model.js";
import { checkExecution } from "../options.js";
import { renderBoardTile, SMALLEST_TILE } from "../render/board-tile.js";
import { renderMeasurements, renderVerdict } from "../render/profile.js";

/** The smallest operators take long to be told on a machine that does other things too. */
const PATIENT: Effort = { ...DEFAULT_EFFORT, operatorsMs: 4000 };
const QUICK: Effort = { ...DEFAULT_EFFORT, budgetMs: 50, operatorsMs: 50 };

export interface ProfileCommandOptions extends ModelChoice, RunSettings, DetectorChoice {
  readonly frames?: number;
  readonly input?: string;
  readonly allowNonfinite?: boolean;
  readonly board?: readonly Board[];
  readonly weights?: WeightsChoice;
  readonly quick?: boolean;
  readonly json?: boolean;
}

/** @param write what of the text is known before this host has been measured */
export async function profileCommand(
  path: string,
  options: ProfileCommandOptions,
  write: (text: string) => void,
): Promise<string> {
  checkExecution(options);
  // A bundled checkpoint makes the bundled blob, and can be made to listen.
  return withModel(path, { ...options, asCheckpoint: true }, async (open) => {
    const { model } = open;
    const input = options.input === undefined ? undefined : await firstInput(model, options);
    const frames = input
      ? framesIn(model.info, input.length)
      : (options.frames ?? defaultFrames(model.info));
    const detector = await detectorFor(open, options);
    const chosen = tileFor(model, frames, options);
    const report = await reportOf(open, {
      ...{ settings: { ...options, ...chosen.settings }, frames, host: describeHost() },
      effort: options.quick ? QUICK : PATIENT,
      ...(input && { input }),
      ...(options.board && { boards: options.board }),
      ...(options.weights && { weights: options.weights }),
      ...(detector && { detector }),
      ...(!options.json && {
        onVerdict: (verdict) => write(renderVerdict(path, verdict, twinOf(path), chosen.why)),
      }),
    });
    return options.json ? reportText(report) : renderMeasurements(report);
  });
}

/** The tile of one board; else the usual one, and why where nothing was said. */
function tileFor(
  model: Model,
  frames: number,
  options: ProfileCommandOptions,
): { readonly settings?: RunSettings; readonly why: string } {
  if (!leavesTileOpen(options)) return { why: "" };
  const [board, ...more] = options.board ?? [];
  if (board === undefined || more.length > 0) return { why: SMALLEST_TILE };
  const { weights } = options;
  const found = fastestTile(model, { board, frames, ...(weights && { weights }) });
  if (found === undefined) return { why: SMALLEST_TILE };
  return { settings: { tile: found.tile }, why: renderBoardTile(board, found) };
}

/** Of what was asked for, or of what an exported project would do. */
async function detectorFor(
  open: OpenModel,
  options: ProfileCommandOptions,
): Promise<DetectorOptions | undefined> {
  if (options.mode !== undefined || listens(open, options)) return detectorOf(open, options);
  refuseWithoutMode(options);
  return undefined;
}

/** The first sequence of the input, or as many frames of it as were asked for. */
async function firstInput(
  model: Model,
  { input = "", frames, allowNonfinite = false }: ProfileCommandOptions,
): Promise<Float32Array | Int32Array> {
  const inputs = await readInputs(input, takenBy(model), allowNonfinite);
  const [first] = inputs.sequences;
  if (first === undefined) throw new BadArgument("--input", "at least one sequence", "none");
  if (frames === undefined) return first;
  if (frames > inputs.frames) {
    throw new BadArgument("--frames", `at most the ${inputs.frames} of ${input}`, String(frames));
  }
  return first.subarray(0, inputLength(model.info, frames));
}

function describeHost(): string {
  const cpu = cpus()[0]?.model.trim() ?? "unknown processor";
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpu}`;
}
