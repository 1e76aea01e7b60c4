/**
 * From bytes to an open model: a blob, or a checkpoint that becomes one; told apart by content. What reads checkpoints
 * is loaded when there is one. Knows nothing of where bytes come from, or of what a model is opened for.
 */
import type { Engine } from "../core/engine.js";
import { BadArgument } from "../core/errors.js";
import { BLOB_MAGIC, HEADER } from "../core/format.js";
import { checkBytes } from "../core/input.js";
import type { CheckpointFiles } from "./network.js";
import type { ConvertOptions, OpenedBlob, OpenedModel } from "./opened.js";

export interface OpenOptions extends CheckpointFiles, ConvertOptions {
  /** Of the file, if it has one: only decides how bytes that are neither are reported. */
  readonly name?: string;
}

/** What may be said of checkpoints only. */
const OF_CHECKPOINTS = ["arch", "frontEnd", "labels", "fold", "quantize"] as const;

const MAGIC_BYTES = 4;

/** Whether the bytes begin as a blob does. */
export function isBlob(bytes: Uint8Array): boolean {
  if (bytes.length < MAGIC_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, MAGIC_BYTES);
  return view.getUint32(HEADER.magic, true) === BLOB_MAGIC;
}

/**
 * Opens `.mlm`, `.safetensors`, `.pth` or `.pt` bytes.
 * @throws BadFile, UnsafePickle, BadCheckpoint, NonFinite, BadModel, OutOfMemory; BadArgument (an option of checkpoints
 * for a blob, a front end that does not fit, an op without a form in integers); BeyondTolerance (the references inside)
 */
export async function openModel(
  engine: Engine,
  bytes: Uint8Array | ArrayBuffer,
  options: OpenOptions = {},
): Promise<OpenedModel> {
  const all = checkBytes(bytes, "the bytes of a model");
  if (isBlob(all)) {
    const given = OF_CHECKPOINTS.find((name) => options[name] !== undefined && options[name]);
    if (given !== undefined) throw new BadArgument(given, "a checkpoint with it", "a .mlm");
    return openBlob(engine, all);
  }
  options.onStage?.("read");
  const { openNetwork, readNetwork } = await import("./convert.js");
  return openNetwork(engine, readNetwork(all, options), options);
}

/** @throws as `Engine.loadModel` */
export async function openBlob(engine: Engine, blob: Uint8Array): Promise<OpenedBlob> {
  return { engine, model: await engine.loadModel(blob), blob, format: "mlm" };
}
