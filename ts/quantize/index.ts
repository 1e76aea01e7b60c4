/**
 * Quantisation: `mambalite-micro/quantize`. `quantizeNetwork` makes integers, calibrated over inputs; `quantizeWeights`
 * makes w8; both say what that has cost and saved, as `mambalite quantize` prints it.
 */
export { evenly, type InputSource, USUAL_INPUTS } from "./inputs.js";
export {
  type ErrorShare,
  type IntegerEvaluation,
  type Quantized,
  type QuantizeNetworkOptions,
  type QuantizeReport,
  type QuantizeStage,
  quantizeNetwork,
  type ValueReport,
} from "./int.js";
export {
  type QuantizeOptions,
  quantize,
  quantizing,
} from "./quantize.js";
export type { CommonReport, Evaluation, Sizes } from "./report.js";
export { type Ran, runSource } from "./run-source.js";
export { QUANTIZED_TYPES, type QuantizedType } from "./types.js";
export {
  type QuantizedWeights,
  type QuantizeWeightsOptions,
  quantizeWeights,
  type WeightsReport,
} from "./weights.js";
