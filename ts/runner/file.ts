/**
 * One file for a board: runner and model in the board's own format. The command line and the page make it here, and so
 * the same bytes. Knows nothing of where images come from or where the file goes.
 */
import type { InputArray } from "../core/input.js";
import { flashOf } from "./bin.js";
import { besideArenaBytes, buildFor, requireFit } from "./fit.js";
import { intelHex } from "./hex.js";
import {
  checkedImage,
  type RunnerBoard,
  type RunnerBuild,
  type RunnerFormat,
  type RunnerImage,
} from "./images.js";
import { payloadOf, type RunnerModel } from "./payload.js";
import { uf2 } from "./uf2.js";

/** A board's row of the list, and where the bytes of the files come from that it names. */
export interface Runner {
  readonly board: RunnerBoard;
  readonly image: RunnerImage;
  bytesOf(file: string): Uint8Array | Promise<Uint8Array>;
}

export interface BoardFile {
  readonly format: RunnerFormat;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The runner that it has. */
  readonly build: RunnerBuild;
  /** Of flash, from the runner's first byte to the model's last. */
  readonly flashBytes: number;
  readonly payloadBytes: number;
  /** Of RAM, of what the runner leaves to a model. */
  readonly ramBytes: number;
}

/**
 * @param input what the runner runs at reset: one sequence, as `Session.run` takes it
 * @throws DoesNotFit, with what is missing; BadFile (an image that is not its own)
 */
export async function boardFile(
  { board, image, bytesOf }: Runner,
  model: RunnerModel,
  input: InputArray,
): Promise<BoardFile> {
  const build = buildFor(board, image, model);
  const payload = payloadOf(model, input);
  requireFit(board, image, model, payload.length);
  const runner = checkedImage(build, await bytesOf(build.file));
  const flash = flashOf(image, runner, payload);
  return {
    ...{ format: image.format, bytes: inFormat(image, flash), build },
    ...{ flashBytes: flash.length, payloadBytes: payload.length },
    ramBytes: model.plan.arenaBytes + besideArenaBytes(model),
  };
}

function inFormat(
  { format, base, family }: RunnerImage,
  flash: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (format === "bin") return flash;
  if (format === "hex") return new TextEncoder().encode(intelHex(base, flash));
  if (family === undefined) throw new RangeError("a runner in UF2 without a family");
  return uf2(base, flash, family);
}
