/**
 * Reads a checkpoint of any supported format, told apart by its bytes. Knows nothing of the
 * formats' insides or of networks.
 */
import { BadFile } from "../core/errors.js";
import { looksLike } from "../looks-like.js";
import { foreignFormat } from "./foreign-formats.js";
import { isSafetensors, readSafetensors } from "./safetensors.js";
import type { StateDict } from "./state-dict.js";
import { isTorch, readTorch } from "./torch.js";

export interface ReadCheckpointOptions {
  /** File name, if any: only decides how unrecognisable bytes are reported. */
  readonly name?: string;
}

/**
 * Reads `.safetensors`, `.pth` or `.pt` bytes.
 *
 * @throws BadFile, UnsafePickle, BadCheckpoint as `readSafetensors` and `readTorch` do.
 */
export function readCheckpoint(bytes: Uint8Array, options: ReadCheckpointOptions = {}): StateDict {
  // First: a short safetensors header can have a length that looks like a pickle's first bytes.
  if (isSafetensors(bytes)) return readSafetensors(bytes);
  const foreign = foreignFormat(bytes, options.name);
  if (foreign !== undefined) throw new BadFile(expectedFormat(options.name), foreign);
  if (isTorch(bytes)) return readTorch(bytes);
  throw new BadFile(expectedFormat(options.name), looksLike(bytes));
}

function expectedFormat(name = ""): string {
  const extension = /\.(safetensors|pth|pt)$/i.exec(name)?.[1];
  return extension?.toLowerCase() ?? "checkpoint";
}
