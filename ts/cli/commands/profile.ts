/** `mambalite profile`: what a model needs, what it does, and which boards can hold it. */
import { cpus } from "node:os";
import { BadArgument } from "../../core/errors.js";
import { framesIn, inputLength } from "../../core/input.js";
import type { Model } from "../../core/model.js";
import type { Board } from "../../device/index.js";
import { takenBy } from "../../input-files.js";
import { DEFAULT_EFFORT, defaultFrames, profile } from "../../profile/index.js";
import { twinOf } from "../bundled.js";
import { toJson } from "../json.js";
import { readInputs } from "../load-input.js";
import { type ModelChoice, withModel } from "../load-model.js";
import { checkExecution, type ExecutionChoice, sessionOptions } from "../options.js";
import { renderProfile } from "../render/profile.js";

/** The smallest operators take long to be told on a machine that does other things too. */
const PATIENCE_MS = 2000;

export interface ProfileCommandOptions extends ModelChoice, ExecutionChoice {
  readonly frames?: number;
  readonly input?: string;
  readonly allowNonfinite?: boolean;
  readonly board?: readonly Board[];
  readonly json?: boolean;
}

export async function profileCommand(
  path: string,
  options: ProfileCommandOptions,
): Promise<string> {
  checkExecution(options);
  return withModel(path, options, async ({ engine, model }) => {
    const input = options.input === undefined ? undefined : await firstInput(model, options);
    const frames = input
      ? framesIn(model.info, input.length)
      : (options.frames ?? defaultFrames(model.info));
    const report = profile(engine, model, {
      ...sessionOptions(options, frames),
      host: describeHost(),
      effort: { ...DEFAULT_EFFORT, operatorsMs: PATIENCE_MS },
      ...(input ? { input } : { frames }),
      ...(options.board && { boards: options.board }),
    });
    return options.json ? toJson(report) : renderProfile(path, report, twinOf(path));
  });
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
