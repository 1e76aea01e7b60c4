/** Resolved from this folder, where it is installed, whoever imports it. */
export * from "onnxruntime-web/wasm";
