/** The profile of a model on this host, and how its results compare with a reference's. */
export {
  type Accuracy,
  type CaseError,
  classOf,
  compareLogits,
  DEFAULT_TOLERANCE,
  firstMaximum,
} from "./accuracy.js";
export { type Classification, classify } from "./classification.js";
export { exampleInput } from "./example-input.js";
export { type Effort, measureLatency, measureOperators } from "./measure.js";
export { OperatorTimer } from "./operator-times.js";
export {
  type Basis,
  DEFAULT_EFFORT,
  DEFAULT_FRAMES,
  type OperatorProfile,
  type ProfileOptions,
  type ProfileReport,
  profile,
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
