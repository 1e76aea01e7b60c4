/** `mambalite export`: a model becomes a firmware project, ready to build and flash. */
import { BadArgument } from "../../core/errors.js";
import { framesIn, type InputArray } from "../../core/input.js";
import type { Board } from "../../device/index.js";
import { type ExportTarget, exportProject, type Files } from "../../firmware/index.js";
import { readSources } from "../../firmware/node.js";
import { takenBy } from "../../input-files.js";
import { defaultFrames, exampleInput } from "../../profile/index.js";
import { requireNewFolder, writeFolder } from "../folders.js";
import { toJson } from "../json.js";
import { readInputs } from "../load-input.js";
import { type ModelChoice, type OpenModel, withModel } from "../load-model.js";
import { boardOf, checkExecution, type ExecutionChoice, sessionOptions } from "../options.js";
import { counted, grouped } from "../text.js";
import { modelFor } from "../twin.js";

export interface ExportCommandOptions extends ModelChoice, ExecutionChoice {
  readonly target: ExportTarget;
  readonly output: string;
  readonly board?: readonly Board[];
  readonly float?: boolean;
  readonly input?: string;
  readonly json?: boolean;
}

export async function exportCommand(named: string, options: ExportCommandOptions): Promise<string> {
  checkExecution(options);
  const board = boardOf(options.target, options.board);
  requireNewFolder(options.output);
  const { model: path, note } = modelFor(named, { ...options, board });
  return withModel(path, options, async ({ engine, model, blob }: OpenModel) => {
    const input = await exampleOf(model, options);
    const session = model.createSession(
      sessionOptions(options, framesIn(model.info, input.length)),
    );
    try {
      const { plan } = session;
      const files = exportProject(options.target, {
        sources: readSources(),
        model: {
          ...{ blob, plan, info: model.info, ops: model.ops },
          ...{ tensors: model.tensors, labels: model.labels },
          version: engine.version,
        },
        example: { input, outputs: session.run(input) },
        ...(board && { board }),
      });
      await writeFolder(options.output, files);
      const { target, output } = options;
      if (options.json) {
        const sizes = { arenaBytes: plan.arenaBytes, weightsBytes: blob.length };
        return toJson({ model: path, output, target, ...sizes, files: [...files.keys()].sort() });
      }
      return note + summary(output, target, files, plan.arenaBytes, blob.length);
    } finally {
      session.dispose();
    }
  });
}

function summary(
  output: string,
  target: string,
  files: Files,
  arenaBytes: number,
  blobBytes: number,
): string {
  return (
    `${output}: ${counted(files.size, "file")} for ${target}; arena ${grouped(arenaBytes)} bytes, ` +
    `model ${grouped(blobBytes)} bytes of flash\n` +
    `README.md there has the commands to build and flash it\n`
  );
}

async function exampleOf(
  model: OpenModel["model"],
  { input }: ExportCommandOptions,
): Promise<InputArray> {
  const { info } = model;
  if (input === undefined) return exampleInput(info, defaultFrames(info));
  const [first] = (await readInputs(input, takenBy(model), false)).sequences;
  if (first === undefined) throw new BadArgument("--input", "at least one sequence", "none");
  return first;
}
