/** The profile of a model on this host, and how its results compare with a reference's. */

export type { FrameShape } from "../core/input.js";
export {
  type Accuracy,
  type CaseError,
  classOf,
  compareLogits,
  compareOutputs,
  DEFAULT_TOLERANCE,
  firstMaximum,
  type OutputAccuracy,
  type OutputsAccuracy,
} from "./accuracy.js";
export type { BoardProfile, BoardTimeEstimate, BoardTimer, Faster } from "./board-time.js";
export { type Classification, classify } from "./classification.js";
export {
  assumptionsOf,
  describeOps,
  kindText,
  type OpDescription,
  type Rate,
} from "./description.js";
export { type DetectorProfile, profileDetector } from "./detector.js";
export { DEFAULT_FRAMES, defaultFrames, exampleInput, type InputKind } from "./example-input.js";
export { type Effort, measureLatency, measureOperators } from "./measure.js";
export {
  type GraphEnd,
  type GraphNode,
  type GraphPart,
  type NetworkGraph,
  networkGraph,
} from "./network-graph.js";
export { type Clock, OperatorTimer, type Passage, type Steppable } from "./operator-times.js";
export {
  compareReferences,
  inModuleShapes,
  moduleShapesOf,
  referenceTolerance,
} from "./references.js";
export {
  type Basis,
  DEFAULT_EFFORT,
  type HostTimes,
  type OperatorProfile,
  type ProfileOptions,
  type ProfileReport,
  type ProfileVerdict,
  profile,
  profileVerdict,
  REPORT_SCHEMA,
} from "./report.js";
export { type Latency, summarize } from "./statistics.js";
export {
  compareTrace,
  DEFAULT_TRACE_TOLERANCE,
  type OperatorError,
  type TraceComparison,
  type TraceTensor,
} from "./trace.js";
export { type VerdictOptions, verdictsOf } from "./verdicts.js";
export { type WholeSequence, wholeSequenceOf } from "./whole-sequence.js";
