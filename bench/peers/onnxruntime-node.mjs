/** Resolved from this folder, where it is installed, whoever imports it. */
export { InferenceSession, Tensor } from "onnxruntime-node";
