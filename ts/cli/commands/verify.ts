/** `mambalite verify`: a model's firmware, run in an emulator, against its simulation bit for bit. */

import type { Thing } from "../../board/memory/memories.js";
import type { Model } from "../../core/model.js";
import { type RunSettings, sessionOptions } from "../../core/settings.js";
import { BOARDS, type WeightsChoice } from "../../device/index.js";
import type { EmulatedTarget } from "../../firmware/index.js";
import { proxiedBoards, type Verification, verify } from "../../firmware/node.js";
import { toJson } from "../../json.js";
import { takenBy } from "../../open/inputs.js";
import { leavesTileOpen } from "../../profile/board-tile.js";
import { defaultFrames, exampleInput } from "../../profile/index.js";
import { fastestTile } from "../../profile/times.js";
import { type DetectorChoice, refuseWithoutMode } from "../detector.js";
import { readInputs } from "../load-input.js";
import { type ModelChoice, withModel } from "../load-model.js";
import { boardOf, checkExecution, refuseGiven } from "../options.js";
import { renderBoardTile } from "../render/board-tile.js";
import { cyclesReport } from "../render/board-time.js";
import { renderVerification, stackOf } from "../render/verification.js";
import { modelFor } from "../twin.js";

export interface VerifyCommandOptions extends ModelChoice, RunSettings, DetectorChoice {
  readonly target: EmulatedTarget;
  readonly board?: string;
  readonly variant?: readonly string[];
  readonly weights?: WeightsChoice;
  readonly float?: boolean;
  readonly input?: string;
  readonly keep?: string;
  /** Of the stream that a detector is verified with. */
  readonly seconds?: number;
  /** Seconds. */
  readonly timeout?: number;
  readonly time?: boolean;
  readonly place?: Readonly<Partial<Record<Thing, string>>>;
  readonly qio?: boolean;
  readonly json?: boolean;
}

export async function verifyCommand(named: string, options: VerifyCommandOptions): Promise<string> {
  checkExecution(options);
  refuseWithoutMode(options);
  const { board, time } = boardAndTime(options);
  const { weights } = options;
  const asked = board ?? BOARDS.find(({ id }) => id === options.board);
  const { model: path, note } = modelFor(named, { ...options, board: asked });
  return withModel(path, options, async ({ model, blob }) => {
    const { frames, sequences } = await inputsOf(model, options);
    const tile =
      asked && leavesTileOpen(options)
        ? fastestTile(model, { board: asked, frames, ...(weights && { weights }) })
        : undefined;
    const settings: RunSettings = tile === undefined ? options : { tile: tile.tile };
    const isDefault = [settings.schedule, settings.tile, settings.budget].every(
      (x) => x === undefined,
    );
    const verification = await verify(blob, {
      target: options.target,
      inputs: sequences,
      ...timeoutOf(options),
      ...(!isDefault && { execution: sessionOptions(settings, frames) }),
      ...(board && { board }),
      ...(options.weights && { weights: options.weights }),
      ...(time && { time }),
      ...(options.variant && { variants: options.variant }),
      ...(options.keep !== undefined && { folder: options.keep }),
    });
    return options.json
      ? toJson({ model: path, ...toReport(verification) })
      : note +
          renderVerification(path, verification, frames) +
          (tile && asked ? renderBoardTile(asked, tile) : "");
  });
}

/** Without one, what is run has its own. */
export function timeoutOf({ timeout }: { readonly timeout?: number }): {
  readonly timeoutMs?: number;
} {
  return timeout === undefined ? {} : { timeoutMs: timeout * 1000 };
}

/** A board whose trace is another's is timed alone: its memories are not the emulator's. */
function boardAndTime({ target, board: id, time, place, qio }: VerifyCommandOptions) {
  if (!time) {
    refuseGiven({ place, qio }, ["place", "qio"], "--time", "none");
  }
  const isProxied = time === true && id !== undefined && proxiedBoards(target).includes(id);
  const chosen = BOARDS.filter((board) => board.id === id);
  const board = isProxied ? undefined : boardOf(target, id === undefined ? undefined : chosen, id);
  const options = {
    ...(isProxied && { board: id }),
    ...(place && { placement: place }),
    ...(qio && { qio }),
  };
  return { board, time: time ? options : undefined };
}

async function inputsOf(model: Model, { input }: VerifyCommandOptions) {
  if (input !== undefined) return readInputs(input, takenBy(model), false);
  const { info } = model;
  const frames = defaultFrames(info);
  return { frames, sequences: [exampleInput(info, frames)] };
}

/** The numbers of the first image, the usual variant; the others are listed with the toolchain. */
function toReport(verification: Verification) {
  const { target, items, equalItems, images, operatorNames, weightsBytes, tools, time } =
    verification;
  const main = images[0]!;
  return {
    target,
    equalBits: equalItems === items,
    items,
    equalItems,
    arenaBytes: main.arena.highWaterBytes,
    stackBytes: stackOf(main),
    flash: { codeBytes: main.codeBytes, weightsBytes },
    instructions: {
      total: main.total,
      operators: operatorNames.map((name, i) => ({ name, count: main.operators[i] })),
    },
    ...(time !== undefined && cyclesReport(time)),
    toolchain: {
      ...tools,
      flags: main.flags,
      wasmBuilds: verification.builds,
      images: images.map((image) => ({
        variant: image.variant.name,
        schedule: image.plan.schedule,
        flags: image.flags,
        arenaBytes: image.arena.highWaterBytes,
        stackBytes: stackOf(image),
        staticBytes: image.staticBytes,
        codeBytes: image.codeBytes,
        instructions: image.total,
      })),
    },
  };
}
