/** The board catalogue and the fit verdict. */
export {
  BARE_METAL_STACK_BYTES,
  BOARDS,
  type Board,
  hasFpu,
  type Region,
  type RegionSpeed,
} from "./boards.js";
export {
  type BoardVerdict,
  IN_FLASH,
  judge,
  type Needs,
  needsOf,
  type PlannedBytes,
  type RegionVerdict,
  type WeightsVerdict,
} from "./verdict.js";
export { judgePlaced, WEIGHTS_CHOICES, type WeightsChoice } from "./weights.js";
