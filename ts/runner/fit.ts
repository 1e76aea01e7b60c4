/**
 * Whether a board's runner has a model's ops, and room for it: flash behind it and RAM beside it. What it needs besides
 * the arena is what csrc/runner/loaded.c takes. Knows nothing of file formats.
 */
import type { Board } from "../device/index.js";
import { DoesNotFit } from "../firmware/errors.js";
import { vectorFloats } from "../firmware/flat-outputs.js";
import { abbreviate } from "../plain-text.js";
import type { RunnerBuild, RunnerImage } from "./images.js";
import type { RunnerModel } from "./payload.js";

const ALIGNMENT = 16;
const FLOAT_BYTES = 4;
/** Of each operator, what its steps take. */
const COUNTER_BYTES = 8;
/** Inputs that come over the line, before they are pushed: so much, or one frame. */
const CHUNK_BYTES = 256;

/** RAM besides the arena: counters, inputs on their way in, outputs that are vectors. */
export function besideArenaBytes({ info, plan }: Pick<RunnerModel, "info" | "plan">): number {
  // The session's own buffer lives throughout.
  const operators = 1 + Math.max(...plan.buffers.map(({ lastOp }) => lastOp));
  return (
    aligned(COUNTER_BYTES * operators) +
    aligned(Math.max(CHUNK_BYTES, FLOAT_BYTES * info.inputWidth)) +
    aligned(FLOAT_BYTES * vectorFloats(info.outputs))
  );
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** The first build of the board that has all of the model's ops. @throws DoesNotFit, with those that are missing */
export function buildFor(
  board: string,
  image: RunnerImage,
  { ops }: Pick<RunnerModel, "ops">,
): RunnerBuild {
  const kinds = [...new Set(ops.map(({ kind }) => kind))];
  const builds = [image, ...(image.others ?? [])];
  const missing = builds.map((build) => kinds.filter((kind) => !build.ops.includes(kind)));
  const found = builds.find((_, i) => missing[i]?.length === 0);
  if (found !== undefined) return found;
  const fewest = missing.reduce((best, names) => (names.length < best.length ? names : best));
  const takesFloats = builds.some(({ ops: known }) => known.includes(FLOAT_OP));
  const hint = takesFloats ? "" : "`mambalite quantize --type int` makes a model that it takes; ";
  throw new DoesNotFit(
    board,
    `ops: its runner has no ${abbreviate(fewest)}; ${hint}\`mambalite export\` makes firmware for any model`,
  );
}

/** What no network of floats does without. */
const FLOAT_OP = "linear";

/** @throws DoesNotFit, with the numbers */
export function requireFit(
  board: string,
  image: RunnerImage,
  model: Pick<RunnerModel, "blob" | "info" | "plan">,
  payloadBytes: number,
): void {
  const reasons = [ramReason(image, model), flashReason(image, model.blob.length, payloadBytes)];
  const found = reasons.filter((reason) => reason !== undefined);
  if (found.length > 0) throw new DoesNotFit(board, found.join("; "));
}

function ramReason(
  { arenaBytes: there }: RunnerImage,
  model: Pick<RunnerModel, "info" | "plan">,
): string | undefined {
  const { arenaBytes } = model.plan;
  const beside = besideArenaBytes(model);
  const needed = arenaBytes + beside;
  if (needed <= there) return undefined;
  return (
    `RAM: ${needed} bytes needed (arena ${arenaBytes}, inputs, outputs and counters ${beside}), ` +
    `${there} there beside the runner, ${needed - there} missing`
  );
}

function flashReason(
  { payloadBytes: there }: RunnerImage,
  blobBytes: number,
  needed: number,
): string | undefined {
  if (needed <= there) return undefined;
  return (
    `flash: ${needed} bytes needed (model ${blobBytes}, example and labels ${needed - blobBytes}), ` +
    `${there} there behind the runner, ${needed - there} missing`
  );
}

/**
 * The board with the RAM that its runner leaves to an arena: what a tile is chosen for.
 * @param besideBytes as `besideArenaBytes` gives them
 */
export function boardBesideRunner(board: Board, image: RunnerImage, besideBytes: number): Board {
  const region = board.regions.find(({ id }) => id === image.arena) ?? board.regions[0];
  const usableBytes = image.arenaBytes - besideBytes;
  const regions = region === undefined ? [] : [{ ...region, usableBytes }];
  return { ...board, regions, stackBytes: 0 };
}
