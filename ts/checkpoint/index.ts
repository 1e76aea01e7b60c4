/**
 * Reading checkpoints: from the bytes of a file to named tensors, and from those to a network.
 * Works on bytes alone, in Node and the browser.
 */

export type { InputShape, ModuleShapes, OutputShape } from "../graph/shapes.js";
export {
  type Arch,
  type ArchInput,
  type ArchItem,
  type ArchOp,
  type ArchRepeat,
  readArch,
} from "./arch/arch.js";
export { type Draft, type DraftLine, draftLines, draftOf, draftText } from "./draft/index.js";
export type { DraftItem, DraftOp, DraftRounds } from "./draft/writer.js";
export type { ElementType } from "./elements.js";
export { type ExportedFile, exportedFile, type References, referencesOf } from "./exported.js";
export { type NpyArray, readNpy, readNpyFloat64, writeNpy } from "./npy.js";
export { readNpz } from "./npz.js";
export { type ReadCheckpointOptions, readCheckpoint } from "./read.js";
export { readSafetensors, writeSafetensors } from "./safetensors.js";
export type { Attribute, SavedModule } from "./saved-module.js";
export type { OtherTensor, StateDict } from "./state-dict.js";
export { type ToNetworkOptions, toNetwork } from "./to-network.js";
export { readTorch } from "./torch.js";
