/**
 * Opens the MODEL of a command line: a blob, a checkpoint (with the front end and the labels that go
 * with it), told apart by content, or a bundled model. Knows nothing of what a command does with it.
 */
import { createBlob } from "../blob/blob.js";
import {
  exportedFile,
  type References,
  readArch,
  readCheckpoint,
  referencesOf,
  type StateDict,
  toNetwork,
} from "../checkpoint/index.js";
import { Engine } from "../core/engine.js";
import { BadArgument } from "../core/errors.js";
import type { Model } from "../core/model.js";
import { createFoldedBlob } from "../fold/index.js";
import { readFrontEnd, readLabels, withFrontEnd } from "../frontend/index.js";
import type { Network } from "../graph/network.js";
import type { BundledStream } from "../models/index.js";
import { locateModel, streamOf } from "./bundled.js";
import { inFile, readBytes } from "./files.js";
import type { SimdChoice } from "./options.js";

/** Files that go with a checkpoint; a blob has all of it inside. */
interface CheckpointFiles {
  /** The architecture of a checkpoint whose names say nothing. */
  readonly arch?: string;
  /** Constants of the front end, as JSON. */
  readonly frontend?: string;
  /** The classes' names, as JSON. */
  readonly labels?: string;
}

export interface ModelChoice extends CheckpointFiles {
  /** Fold linear layers together; of a checkpoint only, since a blob is already what it is. */
  readonly fold?: boolean;
  readonly simd?: SimdChoice;
  /** Of a bundled model take the checkpoint, not the blob; folding does so anyway. */
  readonly asCheckpoint?: boolean;
}

export interface OpenModel {
  readonly engine: Engine;
  readonly model: Model;
  readonly blob: Uint8Array;
  /** What the file was. */
  readonly format: "mlm" | "safetensors" | "pth";
  readonly fileBytes: number;
  /** Of a checkpoint: the naming convention it follows, and what was read, before it was folded. */
  readonly convention?: string;
  readonly network?: Network;
  /** Of a bundled model: how it is driven over streams. */
  readonly stream?: BundledStream;
  /** Of an exported file: what PyTorch makes of some inputs. */
  readonly exported?: ExportedReferences;
}

export interface ExportedReferences {
  readonly references: References;
  /** Of float32 PyTorch itself. */
  readonly float32Error: number;
}

interface ReadNetwork {
  readonly format: "safetensors" | "pth";
  readonly network: Network;
  readonly exported?: ExportedReferences;
}

/** "MLM" and 0x1A (see csrc/core/blob.h). */
const MLM_MAGIC = [0x4d, 0x4c, 0x4d, 0x1a];

/** Opens a model, gives it to `use`, and gives its memory back whatever happens. */
export async function withModel<T>(
  path: string,
  choice: ModelChoice,
  use: (open: OpenModel) => T | Promise<T>,
): Promise<T> {
  const files = locateModel(path, choice.fold === true || choice.asCheckpoint === true);
  const bytes = readBytes(files.model);
  const isBlob = MLM_MAGIC.every((byte, i) => bytes[i] === byte);
  if (isBlob) refuseCheckpointOptions(path, choice);
  const checkpoint = isBlob ? undefined : await readNetwork(path, bytes, { ...files, ...choice });
  const stream = streamOf(path);
  const engine = await Engine.load({ simd: choice.simd ?? "auto" });
  try {
    const blob =
      checkpoint === undefined
        ? bytes
        : await inFile(path, () =>
            (choice.fold ? createFoldedBlob : createBlob)(
              engine,
              checkpoint.network,
              testOf(checkpoint),
            ),
          );
    const model = await inFile(path, () => engine.loadModel(blob));
    try {
      return await use({
        engine,
        model,
        blob,
        format: checkpoint?.format ?? "mlm",
        fileBytes: bytes.length,
        ...(checkpoint && {
          convention: checkpoint.network.convention,
          network: checkpoint.network,
        }),
        ...(stream && { stream }),
        ...(checkpoint?.exported && { exported: checkpoint.exported }),
      });
    } finally {
      model.dispose();
    }
  } finally {
    engine.dispose();
  }
}

/** The first reference, if there is one, is the self-test's input. */
export function testOf({ exported }: Pick<OpenModel, "exported">): {
  testInput?: Float32Array | Int32Array;
} {
  const [testInput] = exported?.references.inputs ?? [];
  return testInput === undefined ? {} : { testInput };
}

/** @throws BadArgument */
function refuseCheckpointOptions(path: string, choice: ModelChoice): void {
  for (const option of ["arch", "frontend", "labels", "fold"] as const) {
    if (choice[option] === undefined || choice[option] === false) continue;
    throw new BadArgument(`--${option}`, "a checkpoint as MODEL", `${path}, which is a .mlm`);
  }
}

async function readNetwork(
  path: string,
  bytes: Uint8Array,
  { arch: archPath, frontend, labels }: CheckpointFiles,
): Promise<ReadNetwork> {
  const arch = await readIfGiven(archPath, readArch);
  const frontEnd = await readIfGiven(frontend, readFrontEnd);
  const names = await readIfGiven(labels, readLabels);
  return inFile(path, () => {
    const stateDict = readCheckpoint(bytes, { name: path });
    const network = toNetwork(stateDict, arch === undefined ? {} : { arch });
    const named = names === undefined ? network : { ...network, labels: names };
    const { format } = stateDict;
    if (frontEnd !== undefined) {
      // What the module takes is then inside, and no longer what comes in.
      const { shapes: _, ...rest } = withFrontEnd(named, frontEnd);
      return { format, network: rest };
    }
    const exported = arch === undefined ? exportedOf(stateDict) : undefined;
    return { format, network: named, ...(exported && { exported }) };
  });
}

function exportedOf(stateDict: StateDict): ExportedReferences | undefined {
  const file = exportedFile(stateDict);
  const references = file && referencesOf(stateDict, file);
  if (references === undefined) return undefined;
  return { references, float32Error: file?.float32Error ?? 0 };
}

async function readIfGiven<T>(
  path: string | undefined,
  read: (bytes: Uint8Array) => T,
): Promise<T | undefined> {
  return path === undefined ? undefined : inFile(path, () => read(readBytes(path)));
}
