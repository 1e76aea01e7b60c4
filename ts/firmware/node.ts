/** Building and running firmware, for Node; the files themselves are made by index.ts. */
export { buildProject, writeFiles } from "./build.js";
export { EMULATORS, missingTools, requireTools, type Variant } from "./emulators.js";
export type { Files } from "./project.js";
export { readSources } from "./sources.js";
export {
  emulate,
  type ImageReport,
  type Verification,
  type VerifyOptions,
  verify,
} from "./verify.js";
