/** `mambalite export`: a model becomes a firmware project, ready to build and flash. */
import { BadArgument } from "../../core/errors.js";
import { BOARDS, type Board, type WeightsChoice } from "../../device/index.js";
import { type ExportTarget, exportProject } from "../../firmware/index.js";
import { blobBytes, memoryBytes } from "../../firmware/model.js";
import { readSources } from "../../firmware/node.js";
import { LAYOUTS } from "../../firmware/targets.js";
import { toJson } from "../../json.js";
import { type FirmwareChoice, firmwareFor } from "../firmware-model.js";
import { requireNewFolder, writeFolder } from "../folders.js";
import { type ModelChoice, withModel } from "../load-model.js";
import { boardOf, checkExecution } from "../options.js";
import { renderBoardTile } from "../render/board-tile.js";
import { counted, grouped } from "../text.js";
import { modelFor } from "../twin.js";

export interface ExportCommandOptions extends ModelChoice, FirmwareChoice {
  readonly target: ExportTarget;
  readonly output: string;
  readonly board?: readonly Board[];
  readonly weights?: WeightsChoice;
  readonly float?: boolean;
  readonly json?: boolean;
}

export async function exportCommand(named: string, options: ExportCommandOptions): Promise<string> {
  checkExecution(options);
  const board = boardOf(options.target, options.board);
  const { boards, placesWeights } = LAYOUTS[options.target];
  const usual = board ?? BOARDS.find(({ id }) => id === boards[0]);
  const weights = placesWeights ? options.weights : "flash";
  const forBoard = usual && { board: usual, ...(weights && { weights }) };
  requireNewFolder(options.output);
  const { model: path, note } = modelFor(named, { ...options, board });
  const { mode = "windows" } = options;
  if (path !== named && mode !== "windows") {
    const wanted = `--float, or a board with an FPU: ${path} has no detector`;
    throw new BadArgument("--mode", wanted, mode);
  }
  const asCheckpoint = options.mode !== "windows";
  return withModel(path, { ...options, asCheckpoint }, async (open) => {
    const { model, example, tile } = await firmwareFor(path, open, { ...options, forBoard });
    const files = exportProject(options.target, {
      ...{ sources: readSources(), model, example },
      ...(board && { board }),
      ...(options.weights && { weights: options.weights }),
    });
    await writeFolder(options.output, files);
    const { target, output } = options;
    const sizes = { arenaBytes: memoryBytes(model), weightsBytes: blobBytes(model) };
    if (options.json) {
      const listens = model.detector !== undefined;
      return toJson({
        model: path,
        output,
        target,
        listens,
        ...sizes,
        files: [...files.keys()].sort(),
      });
    }
    const what = model.detector === undefined ? "arena" : "detector";
    return (
      `${note}${output}: ${counted(files.size, "file")} for ${target}; ${what} ` +
      `${grouped(sizes.arenaBytes)} bytes, model ${grouped(sizes.weightsBytes)} bytes of flash\n` +
      (tile && usual ? renderBoardTile(usual, tile) : "") +
      `README.md there has the commands to build and flash it\n`
    );
  });
}
