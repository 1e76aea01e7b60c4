/** Front ends: what turns raw sensor samples into the frames that a network takes. */
export {
  type AffineForm,
  type FrontEnd,
  readFrontEnd,
  readLabels,
  withFrontEnd,
} from "./front-end.js";
export { type LogmelForm, logmelOp } from "./logmel.js";
