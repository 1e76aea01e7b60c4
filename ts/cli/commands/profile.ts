/** `mambalite profile`: what a model needs, what it does, and which boards can hold it. */
import { cpus } from "node:os";
import { BadArgument } from "../../core/errors.js";
import { framesIn, inputLength } from "../../core/input.js";
import type { Model } from "../../core/model.js";
import { BOARDS, type Board } from "../../device/index.js";
import { takenBy } from "../../input-files.js";
import {
  DEFAULT_EFFORT,
  type DetectorProfile,
  defaultFrames,
  type Effort,
  profile,
  profileDetector,
} from "../../profile/index.js";
import { timesOnBoards } from "../../profile/times.js";
import { twinOf } from "../bundled.js";
import { type DetectorChoice, detectorOf, refuseWithoutMode } from "../detector.js";
import { listens } from "../firmware-model.js";
import { toJson } from "../json.js";
import { readInputs } from "../load-input.js";
import { type ModelChoice, type OpenModel, withModel } from "../load-model.js";
import { checkExecution, type ExecutionChoice, sessionOptions } from "../options.js";
import { renderProfile } from "../render/profile.js";

/** The smallest operators take long to be told on a machine that does other things too. */
const PATIENT: Effort = { ...DEFAULT_EFFORT, operatorsMs: 2000 };
const QUICK: Effort = { ...DEFAULT_EFFORT, budgetMs: 50, operatorsMs: 50 };

export interface ProfileCommandOptions extends ModelChoice, ExecutionChoice, DetectorChoice {
  readonly frames?: number;
  readonly input?: string;
  readonly allowNonfinite?: boolean;
  readonly board?: readonly Board[];
  readonly quick?: boolean;
  readonly json?: boolean;
}

export async function profileCommand(
  path: string,
  options: ProfileCommandOptions,
): Promise<string> {
  checkExecution(options);
  // A bundled checkpoint makes the bundled blob, and can be made to listen.
  return withModel(path, { ...options, asCheckpoint: true }, async (open) => {
    const { engine, model } = open;
    const input = options.input === undefined ? undefined : await firstInput(model, options);
    const frames = input
      ? framesIn(model.info, input.length)
      : (options.frames ?? defaultFrames(model.info));
    const report = profile(engine, model, {
      ...sessionOptions(options, frames),
      host: describeHost(),
      effort: options.quick ? QUICK : PATIENT,
      times: timesOnBoards,
      ...(input ? { input } : { frames }),
      ...(options.board && { boards: options.board }),
    });
    const detector = await detectorFor(open, options);
    const whole = detector === undefined ? report : { ...report, detector };
    return options.json ? toJson(whole) : renderProfile(path, whole, twinOf(path));
  });
}

/** Of what was asked for, or of what an exported project would do. */
async function detectorFor(
  open: OpenModel,
  options: ProfileCommandOptions,
): Promise<DetectorProfile | undefined> {
  if (options.mode === undefined && !listens(open, options)) {
    refuseWithoutMode(options);
    return undefined;
  }
  const detector = await detectorOf(open, options);
  return profileDetector(open.engine, detector, options.board ?? BOARDS);
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
