/** `mambalite flash`: a model becomes one file for a board, runner and all, and goes onto the board's drive. */
import { basename, extname } from "node:path";
import { BadArgument } from "../../core/errors.js";
import type { Model } from "../../core/model.js";
import { type RunSettings, sessionOptions } from "../../core/settings.js";
import { BOARDS, type Board } from "../../device/index.js";
import { hexWord } from "../../hex-word.js";
import { toJson } from "../../json.js";
import { defaultFrames } from "../../profile/index.js";
import {
  type BoardFile,
  besideArenaBytes,
  boardBesideRunner,
  boardFile,
  type Runner,
  type RunnerBoard,
  readRunner,
  STEPS,
} from "../../runner/node.js";
import { exampleOf } from "../bundled.js";
import { copyOnto, findDrive, requireDrive } from "../drives.js";
import { requireWritable, writeAtomically } from "../files.js";
import { type ChosenFirmware, firmwareFor } from "../firmware-model.js";
import { type ModelChoice, withModel } from "../load-model.js";
import { checkExecution } from "../options.js";
import { renderBoardTile } from "../render/board-tile.js";
import { toResult } from "../results.js";
import { grouped, oneLine } from "../text.js";
import { modelFor } from "../twin.js";

export interface FlashCommandOptions extends ModelChoice, RunSettings {
  readonly board: RunnerBoard;
  readonly output?: string;
  readonly drive?: string;
  readonly input?: string;
  readonly json?: boolean;
}

export async function flashCommand(named: string, options: FlashCommandOptions): Promise<string> {
  checkExecution(options);
  const runner = readRunner(options.board);
  const { output } = options;
  const drive = driveFor(runner, options);
  const board = BOARDS.find(({ id }) => id === runner.image.catalogue);
  const { model: path } = modelFor(named, { ...options, board });
  const note = path === named ? "" : `${path} is used: ${options.board} has no FPU\n`;
  if (output !== undefined) requireOutput(output, runner, path);
  const input = options.input ?? exampleOf(path);
  return withModel(path, options, async (open) => {
    const forBoard = board && placeOf(open.model, board, runner);
    const { schedule, tile, budget } = options;
    const settings = {
      ...(schedule !== undefined && { schedule }),
      ...(tile !== undefined && { tile }),
      ...(budget !== undefined && { budget }),
    };
    const chosen = await firmwareFor(path, open, {
      ...settings,
      ...{ mode: "windows", forBoard },
      ...(input !== undefined && { input }),
    });
    const file = await boardFile(runner, chosen.model, chosen.example.input);
    if (output !== undefined) await writeAtomically(output, file.bytes, [path]);
    const name = `${basename(path, extname(path))}.${file.format}`;
    const isStillThere = drive === undefined || (await copyOnto(drive, name, file.bytes));
    if (options.json) return toJson(facts(path, runner, chosen, file, { output, drive }));
    const places = [
      output,
      drive && `${drive}: ${name}${isStillThere ? "" : ", and the board left"}`,
    ];
    return note + describe(places, runner, chosen, file);
  });
}

/** Where no file is asked for, the board itself is. */
function driveFor({ board, image }: Runner, { drive, output }: FlashCommandOptions) {
  if (drive !== undefined) return requireDrive(board, image.drive, drive);
  return output === undefined ? findDrive(board, image.drive) : undefined;
}

/** A board takes a file by its name's end, too. @throws BadArgument, FileProblem */
function requireOutput(output: string, { board, image }: Runner, model: string): void {
  if (extname(output).toLowerCase() !== `.${image.format}`) {
    throw new BadArgument("--output", `a name with .${image.format}, which ${board} takes`, output);
  }
  requireWritable(output, [model]);
}

/** What a tile is chosen for, where nothing is said of it. */
function placeOf(model: Model, board: Board, { image }: Runner) {
  const { info } = model;
  const plan = model.plan(sessionOptions({}, defaultFrames(info)));
  const beside = besideArenaBytes({ info, plan });
  return { board: boardBesideRunner(board, image, beside), weights: "flash" as const };
}

/** What the console of the board should say of the example. */
function resultOf({ model, example }: ChosenFirmware) {
  const { classIndex, label, logitsBits } = toResult(example.outputs, model.labels);
  return { classIndex: classIndex ?? null, label, logitsBits };
}

interface Destination {
  readonly output: string | undefined;
  readonly drive: string | undefined;
}

function facts(
  path: string,
  { board, image }: Runner,
  chosen: ChosenFirmware,
  file: BoardFile,
  { output, drive }: Destination,
) {
  const { plan, info } = chosen.model;
  return {
    ...{ model: path, crc32: hexWord(info.crc32), board, output, drive },
    ...{
      format: file.format,
      bytes: file.bytes.length,
      runner: file.build.file,
      runnerCrc32: file.build.crc32,
    },
    ...{ flashBytes: file.flashBytes },
    ...{ payloadBytes: file.payloadBytes, payloadAvailableBytes: image.payloadBytes },
    ...{ schedule: plan.schedule, tile: plan.tile },
    ...{
      arenaBytes: plan.arenaBytes,
      ramBytes: file.ramBytes,
      ramAvailableBytes: image.arenaBytes,
    },
    example: resultOf(chosen),
  };
}

function describe(
  places: readonly (string | undefined)[],
  { board, image }: Runner,
  chosen: ChosenFirmware,
  file: BoardFile,
): string {
  const usual = BOARDS.find(({ id }) => id === image.catalogue);
  return [
    ...places.filter((place) => place !== undefined).map((place) => `${place}\n`),
    `   for ${image.name}: of the flash behind the runner ${grouped(file.payloadBytes)} of `,
    `${grouped(image.payloadBytes)} bytes, of the RAM beside it ${grouped(file.ramBytes)} of `,
    `${grouped(image.arenaBytes)}; arena ${grouped(chosen.model.plan.arenaBytes)}\n`,
    chosen.tile && usual ? renderBoardTile(usual, chosen.tile) : "",
    `   model ${hexWord(chosen.model.info.crc32)}${classText(chosen)}\n`,
    ...STEPS[board].map((step, i) => `${i + 1}. ${step}\n`),
    "Not run on silicon yet; docs/runner.md has the walk\n",
  ].join("");
}

function classText(chosen: ChosenFirmware): string {
  const { classIndex, label } = resultOf(chosen);
  if (classIndex === null) return "";
  return `, class ${classIndex}${label === undefined ? "" : ` ${oneLine(label)}`}`;
}
