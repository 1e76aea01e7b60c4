/** Streams that never end: the networks for them, and the detector. */
export {
  createDetector,
  type Detection,
  type Detector,
  type DetectorOptions,
  type DetectorSetup,
} from "./detector.js";
export type { Feed, FeedMessage, FeedRate } from "./feed.js";
export { type Listener, type ListenOptions, listen } from "./listen.js";
export {
  type LiveNote,
  type LiveOptions,
  type LiveProblem,
  serveDetector,
} from "./live.js";
export { type MicrophoneOptions, openMicrophone } from "./microphone.js";
export { MOTION_CHANNELS, MOTION_HZ, MotionFrames, openMotion } from "./motion.js";
export {
  runningNetwork,
  STREAM_METADATA,
  type WindowForm,
  type WindowNetworks,
  windowNetworks,
} from "./networks.js";
export { Resampler } from "./resampler.js";
export { createRunningBlob } from "./running-blob.js";
export { readTruth, type Score, scoreOf, type Truth } from "./score.js";
