/** Runners: firmware that is there already, into which a model is put without a compiler. For browsers and Node. */
export type { BoardAnswer, BoardFacts } from "./console.js";
export { expectedBits, firstDifference } from "./expected.js";
export { type BoardFile, boardFile, type Runner } from "./file.js";
export { besideArenaBytes, boardBesideRunner } from "./fit.js";
export {
  checkedImage,
  RUNNER_BOARDS,
  type RunnerBoard,
  type RunnerBuild,
  type RunnerDrive,
  type RunnerFormat,
  type RunnerImage,
  type RunnerImages,
  readImages,
} from "./images.js";
export { type Greeting, type LinkOptions, RunnerLink } from "./link.js";
export type { RunnerModel } from "./payload.js";
export { recordText } from "./record.js";
export { BoardFailed } from "./serial-errors.js";
export { STEPS } from "./steps.js";
export { type InputValues, inputValues } from "./values.js";
