/** Firmware projects as files, for browsers and Node. Building and running them is Node's: node.ts. */
export { bytePieces, type Content, TextInPieces, wholeBytes } from "./content.js";
export { detectorExample, firmwareOf } from "./detector-model.js";
export { BitsDiffer, BuildFailed, DoesNotFit, FirmwareFailed, ToolchainMissing } from "./errors.js";
export { type Places, placesOn } from "./fit.js";
export { boundedBy } from "./frames.js";
export {
  type Example,
  type ExportOptions,
  exportProject,
  type Files,
  type FirmwareModel,
  type HarnessInputs,
  harnessProject,
  type Sources,
} from "./project.js";
export {
  EMULATED_TARGETS,
  type EmulatedTarget,
  EXPORT_TARGETS,
  type ExportTarget,
  LAYOUTS,
} from "./targets.js";
