/**
 * Opens the MODEL of a command line: a blob or a checkpoint, told apart by content. Knows nothing of
 * what a command does with it.
 */
import { createBlob } from "../blob/blob.js";
import { type Arch, readArch, readCheckpoint, toNetwork } from "../checkpoint/index.js";
import { Engine } from "../core/engine.js";
import { BadArgument } from "../core/errors.js";
import type { Model } from "../core/model.js";
import { createFoldedBlob } from "../fold/index.js";
import type { Network } from "../network.js";
import { inFile, readBytes } from "./files.js";
import type { SimdChoice } from "./options.js";

export interface ModelChoice {
  /** Path of the architecture of a checkpoint whose names say nothing. */
  readonly arch?: string;
  /** Fold linear layers together; of a checkpoint only, since a blob is already what it is. */
  readonly fold?: boolean;
  readonly simd?: SimdChoice;
}

export interface OpenModel {
  readonly engine: Engine;
  readonly model: Model;
  readonly blob: Uint8Array;
  /** What the file was. */
  readonly format: "mlm" | "safetensors" | "pth";
  readonly fileBytes: number;
  /** Of a checkpoint: the naming convention it follows. */
  readonly convention?: string;
}

/** "MLM" and 0x1A (see csrc/core/blob.h). */
const MLM_MAGIC = [0x4d, 0x4c, 0x4d, 0x1a];

/** Opens a model, gives it to `use`, and gives its memory back whatever happens. */
export async function withModel<T>(
  path: string,
  choice: ModelChoice,
  use: (open: OpenModel) => T | Promise<T>,
): Promise<T> {
  const bytes = readBytes(path);
  const isBlob = MLM_MAGIC.every((byte, i) => bytes[i] === byte);
  if (isBlob && choice.arch !== undefined) {
    throw new BadArgument("--arch", "a checkpoint as MODEL", `${path}, which is a .mlm`);
  }
  if (isBlob && choice.fold) {
    throw new BadArgument("--fold", "a checkpoint as MODEL", `${path}, which is a .mlm`);
  }
  const checkpoint = isBlob ? undefined : await readNetwork(path, bytes, choice.arch);
  const engine = await Engine.load({ simd: choice.simd ?? "auto" });
  try {
    const blob =
      checkpoint === undefined
        ? bytes
        : await inFile(path, () =>
            (choice.fold ? createFoldedBlob : createBlob)(engine, checkpoint.network),
          );
    const model = await inFile(path, () => engine.loadModel(blob));
    try {
      return await use({
        engine,
        model,
        blob,
        format: checkpoint?.format ?? "mlm",
        fileBytes: bytes.length,
        ...(checkpoint && { convention: checkpoint.network.convention }),
      });
    } finally {
      model.dispose();
    }
  } finally {
    engine.dispose();
  }
}

async function readNetwork(
  path: string,
  bytes: Uint8Array,
  archPath: string | undefined,
): Promise<{ format: "safetensors" | "pth"; network: Network }> {
  const arch = archPath === undefined ? undefined : await readArchFile(archPath);
  return inFile(path, () => {
    const stateDict = readCheckpoint(bytes, { name: path });
    const network = toNetwork(stateDict, arch === undefined ? {} : { arch });
    return { format: stateDict.format, network };
  });
}

function readArchFile(path: string): Promise<Arch> {
  return inFile(path, () => readArch(readBytes(path)));
}
