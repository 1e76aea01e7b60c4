/**
 * From a checkpoint's bytes, and what goes with it, to a network. What goes with it may be the bytes of its file or
 * what such a file says. Knows nothing of blobs, or of where bytes come from.
 */
import { type Arch, readArch } from "../checkpoint/arch/arch.js";
import { exportedFile, type References, referencesOf } from "../checkpoint/exported.js";
import { readCheckpoint } from "../checkpoint/read.js";
import type { StateDict } from "../checkpoint/state-dict.js";
import { toNetwork } from "../checkpoint/to-network.js";
import { type FrontEnd, readFrontEnd, readLabels, withFrontEnd } from "../frontend/index.js";
import type { Network } from "../graph/network.js";

/** What a checkpoint does not say of its network. */
export interface CheckpointFiles {
  /** The architecture, where the tensors' names say nothing. */
  readonly arch?: Arch | Uint8Array;
  /** What goes before the network. */
  readonly frontEnd?: FrontEnd | Uint8Array;
  /** The classes' names. */
  readonly labels?: readonly string[] | Uint8Array;
}

export interface NetworkOptions extends CheckpointFiles {
  /** Of the file, if it has one: only decides how bytes that are no checkpoint are reported. */
  readonly name?: string;
}

/** Of an exported file: what PyTorch makes of some inputs. */
export interface ExportedReferences {
  readonly references: References;
  /** Of float32 PyTorch itself. */
  readonly float32Error: number;
}

export interface ReadNetwork {
  readonly format: StateDict["format"];
  readonly network: Network;
  readonly exported?: ExportedReferences;
}

/** @throws BadFile, UnsafePickle, BadCheckpoint, NonFinite, BadArgument */
export function readNetwork(bytes: Uint8Array, options: NetworkOptions = {}): ReadNetwork {
  const { name, arch: givenArch, frontEnd, labels } = options;
  const arch = givenArch && parsed(givenArch, readArch);
  const front = frontEnd && parsed(frontEnd, readFrontEnd);
  const names = labels && parsed(labels, readLabels);
  const stateDict = readCheckpoint(bytes, name === undefined ? {} : { name });
  const plain = toNetwork(stateDict, arch === undefined ? {} : { arch });
  const network = names === undefined ? plain : { ...plain, labels: names };
  const { format } = stateDict;
  if (front !== undefined) {
    // What the module takes is then inside, and no longer what comes in.
    const { shapes: _, ...rest } = withFrontEnd(network, front);
    return { format, network: rest };
  }
  const exported = arch === undefined ? exportedOf(stateDict) : undefined;
  return { format, network, ...(exported && { exported }) };
}

function parsed<T>(given: T | Uint8Array, read: (bytes: Uint8Array) => T): T {
  return given instanceof Uint8Array ? read(given) : given;
}

function exportedOf(stateDict: StateDict): ExportedReferences | undefined {
  const file = exportedFile(stateDict);
  const references = file && referencesOf(stateDict, file);
  if (references === undefined) return undefined;
  return { references, float32Error: file?.float32Error ?? 0 };
}
