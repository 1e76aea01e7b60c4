/**
 * The public entry for Node: everything of index.ts, the C sources that lie beside this package, and
 * building and running firmware.
 */
export { type BoardTime, proxiedBoards, type TimeOptions } from "./board-time.js";
export { buildProject, writeFiles } from "./build.js";
export { EMULATORS, missingTools, requireTools, type Variant } from "./emulators.js";
export * from "./index.js";
export { MAX_TIMEOUT_SECONDS } from "./process.js";
export { readSources } from "./sources.js";
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
  MAX_STREAM_SECONDS,
  type VerifyDetectorOptions,
  verifyDetector,
} from "./verify-detector.js";
export {
  type ProjectVerification,
  type VerifyProjectOptions,
  verifyProject,
} from "./verify-project.js";
