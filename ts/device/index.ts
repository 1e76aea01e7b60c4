/** The board catalogue and the fit verdict. */
export { BOARDS, type Board, type Region, type RegionSpeed } from "./boards.js";
export { type BoardVerdict, judge, type Needs, type RegionVerdict } from "./verdict.js";
