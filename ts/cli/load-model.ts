/**
 * Opens the MODEL of a command line: a file, or a bundled model, with the files that go with it. Knows nothing of what
 * is in them, or of what a command does with the model.
 */
import { readArch } from "../checkpoint/index.js";
import { Engine } from "../core/engine.js";
import { BadArgument } from "../core/errors.js";
import { readFrontEnd, readLabels } from "../frontend/index.js";
import type { BundledStream } from "../models/index.js";
import { isBlob, openModel } from "../open/model.js";
import type { CheckpointFiles } from "../open/network.js";
import type { OpenedModel } from "../open/opened.js";
import { locateModel, streamOf } from "./bundled.js";
import { inFile, readBytes } from "./files.js";
import type { SimdChoice } from "./options.js";

/** Paths of the files that go with a checkpoint; a blob has all of it inside. */
interface CheckpointPaths {
  /** The architecture of a checkpoint whose names say nothing. */
  readonly arch?: string;
  /** Constants of the front end, as JSON. */
  readonly frontend?: string;
  /** The classes' names, as JSON. */
  readonly labels?: string;
}

export interface ModelChoice extends CheckpointPaths {
  /** Fold linear layers together; of a checkpoint only, since a blob is already what it is. */
  readonly fold?: boolean;
  readonly simd?: SimdChoice;
}

/** What a command decides of how its MODEL is opened. */
export interface OpenChoice extends ModelChoice {
  /** Of a bundled model take the checkpoint, not the blob; folding does so anyway. */
  readonly asCheckpoint?: boolean;
  /** The command itself compares the model with the references inside its file. */
  readonly comparesItself?: boolean;
}

export type OpenModel = OpenedModel & {
  readonly fileBytes: number;
  /** Of a bundled model: how it is driven over streams. */
  readonly stream?: BundledStream;
};

/** Opens a model, gives it to `use`, and gives its memory back whatever happens. */
export async function withModel<T>(
  path: string,
  choice: OpenChoice,
  use: (open: OpenModel) => T | Promise<T>,
): Promise<T> {
  const { fold = false, asCheckpoint = false, comparesItself = false, simd = "auto" } = choice;
  const files = locateModel(path, fold || asCheckpoint);
  const bytes = readBytes(files.model);
  const isMade = isBlob(bytes);
  if (isMade) refuseCheckpointOptions(path, choice);
  const given = isMade ? {} : { ...(await readFiles({ ...files, ...choice })), fold };
  const engine = await Engine.load({ simd });
  try {
    const options = { ...given, name: path, checkReferences: !comparesItself };
    const opened = await inFile(path, () => openModel(engine, bytes, options));
    const stream = streamOf(path);
    try {
      return await use({ ...opened, fileBytes: bytes.length, ...(stream && { stream }) });
    } finally {
      opened.model.dispose();
    }
  } finally {
    engine.dispose();
  }
}

/** @throws BadArgument */
function refuseCheckpointOptions(path: string, choice: ModelChoice): void {
  for (const option of ["arch", "frontend", "labels", "fold"] as const) {
    if (choice[option] === undefined || choice[option] === false) continue;
    throw new BadArgument(`--${option}`, "a checkpoint as MODEL", `${path}, which is a .mlm`);
  }
}

/** Read here, so that what is wrong with one is said of it. */
async function readFiles({ arch, frontend, labels }: CheckpointPaths): Promise<CheckpointFiles> {
  return {
    ...(arch !== undefined && { arch: await inFile(arch, () => readArch(readBytes(arch))) }),
    ...(frontend !== undefined && {
      frontEnd: await inFile(frontend, () => readFrontEnd(readBytes(frontend))),
    }),
    ...(labels !== undefined && {
      labels: await inFile(labels, () => readLabels(readBytes(labels))),
    }),
  };
}
