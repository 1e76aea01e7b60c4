/**
 * The JSON files that lie beside a checkpoint, told apart by content: labels, a front end, an arch file. Knows nothing
 * of where they lie.
 */
import { readArch } from "../checkpoint/arch/arch.js";
import { BadArgument } from "../core/errors.js";
import { readFrontEnd, readLabels } from "../frontend/index.js";
import { inFile } from "../host/file-problem.js";
import type { FileEntry } from "./files.js";
import type { CheckpointFiles } from "./network.js";

const READERS = { arch: readArch, frontEnd: readFrontEnd, labels: readLabels } as const;
const FRONT_ENDS: readonly unknown[] = ["logmel", "affine"];

/** @throws FileProblem (one that cannot be used, by its path); BadArgument (two of one sort) */
export async function readCompanions(files: readonly FileEntry[]): Promise<CheckpointFiles> {
  const found: { -readonly [Sort in keyof CheckpointFiles]: CheckpointFiles[Sort] } = {};
  for (const { path, read } of files) {
    await inFile(path, async () => {
      const bytes = await read();
      const sort = sortOf(bytes);
      if (found[sort] !== undefined) throw new BadArgument(sort, "one file of it", "two");
      Object.assign(found, { [sort]: READERS[sort](bytes) });
    });
  }
  return found;
}

/** What is none of the others is read as an arch file, which says what is wrong with it. */
function sortOf(bytes: Uint8Array): keyof typeof READERS {
  const value = parsed(bytes);
  if (Array.isArray(value)) return "labels";
  const kind = typeof value === "object" && value !== null && "kind" in value && value.kind;
  return FRONT_ENDS.includes(kind) ? "frontEnd" : "arch";
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
