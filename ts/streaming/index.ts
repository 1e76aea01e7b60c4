/** Streams that never end: the networks for them, and the detector. */
export {
  createDetector,
  type Detection,
  type Detector,
  type DetectorOptions,
  type DetectorSetup,
} from "./detector.js";
export {
  runningNetwork,
  STREAM_METADATA,
  type WindowForm,
  type WindowNetworks,
  windowNetworks,
} from "./networks.js";
export { readTruth, type Score, scoreOf, type Truth } from "./score.js";
