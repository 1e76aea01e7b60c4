/**
 * The public entry for Node: everything of index.ts, the C sources that lie beside this package, and
 * building and running firmware.
 */
export {
  type BoardTime,
  type OperatorTime,
  proxiedBoards,
  type TimeOptions,
} from "./board-time.js";
export { buildProject, writeFiles } from "./build.js";
export type { StreamReport } from "./detector-output.js";
export {
  EMULATORS,
  type Emulator,
  missingTools,
  requireTools,
  type ToolVersions,
  type Variant,
} from "./emulators.js";
export type { HarnessReport } from "./harness-output.js";
export * from "./index.js";
export { MAX_STREAM_SECONDS, MAX_TIMEOUT_SECONDS } from "./limits.js";
export type { Manifest } from "./manifest.js";
export type { FirmwareDetector } from "./model.js";
export type { HarnessOptions } from "./project.js";
export { readSources } from "./sources.js";
export type { ProjectLayout, Target } from "./targets.js";
export {
  emulate,
  type ImageReport,
  type Verification,
  type VerifyOptions,
  verify,
} from "./verify.js";
export {
  DETECTOR_PUSHES,
  type DetectorVerification,
  type VerifyDetectorOptions,
  verifyDetector,
} from "./verify-detector.js";
export {
  type ProjectVerification,
  type VerifyProjectOptions,
  verifyProject,
} from "./verify-project.js";
