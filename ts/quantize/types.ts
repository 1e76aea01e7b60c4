/** The number types that `quantize` knows. w8: weights in a byte, with a scale a row; everything is computed in float32. */
export const QUANTIZED_TYPES = ["w8"] as const;
export type QuantizedType = (typeof QUANTIZED_TYPES)[number];
