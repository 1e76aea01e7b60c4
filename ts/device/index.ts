/** The board catalogue and the fit verdict. */
export {
  BARE_METAL_STACK_BYTES,
  BOARDS,
  type Board,
  hasFpu,
  type Region,
  type RegionSpeed,
} from "./boards.js";
export { type BoardVerdict, judge, type Needs, type RegionVerdict } from "./verdict.js";
