/** Quantisation, as the rest of the package sees it. */
export {
  QUANTIZED_TYPES,
  type QuantizedType,
  type QuantizeOptions,
  quantize,
  quantizing,
} from "./quantize.js";
