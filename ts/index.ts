/**
 * The public entry for browsers and every runtime without a file system: nothing here, or reachable
 * from here, needs Node. Under Node the package's entry is node.ts, which adds reading files.
 */
export * from "./blob/blob.js";
export type { Encoded, EncodedOp, EncodedOutput, NumberType } from "./blob/encode.js";
export type { Lengths } from "./blob/lengths.js";
export * from "./blob/write.js";
export * from "./core/classify.js";
export * from "./core/engine.js";
export * from "./core/errors.js";
export type { Events, EventsOptions, Fired } from "./core/events.js";
export type {
  ModelInfo,
  OperatorCounts,
  OperatorInfo,
  OpInfo,
  OutputInfo,
  TensorInfo,
} from "./core/info.js";
export type {
  FramesInput,
  InputArray,
  InputOptions,
  InputShape,
  SamplesInput,
  TokensInput,
} from "./core/input.js";
export type { ArenaMeasurement, Model } from "./core/model.js";
export { logitsOf, type Output, type Outputs } from "./core/outputs.js";
export {
  BUDGET_TILES,
  type BufferKind,
  type Plan,
  type PlanBuffer,
  type Schedule,
  type SessionOptions,
  type StreamOptions,
  type WholeSequenceOptions,
} from "./core/plan.js";
export type { Session, Step, StepRows } from "./core/session.js";
export type { SimdChoice, WasmSource } from "./core/wasm.js";
export * from "./fold/index.js";
export type { Clock } from "./graph/clock.js";
export type {
  AnyOp,
  Attribute,
  Descriptor,
  Emit,
  Field,
  Form,
  OpOf,
  Primitive,
  PrimitiveOp,
  PrimitiveView,
  TensorForm,
} from "./graph/descriptors/descriptor.js";
export type * from "./graph/network.js";
export type { Integers, PackedTensor, PackingName } from "./graph/packing.js";
export type { Dimension, Shape, Sizes } from "./graph/sizes.js";
export {
  type ExampleFile,
  type ExampleOptions,
  type Examples,
  readExamples,
} from "./open/examples.js";
export type { FileEntry } from "./open/files.js";
export { type OpenOptions, openModel } from "./open/model.js";
export type { CheckpointFiles, ExportedReferences } from "./open/network.js";
export type {
  ConvertOptions,
  OpenedBlob,
  OpenedCheckpoint,
  OpenedModel,
  OpenStage,
  QuantizeRequest,
} from "./open/opened.js";
export type { InputSource } from "./quantize/inputs.js";
export {
  type ErrorShare,
  type Quantized,
  type QuantizeNetworkOptions,
  type QuantizeReport,
  quantizeNetwork,
  type ValueReport,
} from "./quantize/int.js";
export {
  type QuantizeOptions,
  quantize,
} from "./quantize/quantize.js";
export { QUANTIZED_TYPES, type QuantizedType } from "./quantize/types.js";
