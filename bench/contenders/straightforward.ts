/** The straightforward C ports in WebAssembly: see bench/straightforward. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Tensor } from "../../ts/graph/tensor.js";
import { type Contender, inProcess } from "../harness/contender.js";
import { near, PEER_TOLERANCE } from "../harness/correct.js";
import type { BenchModel } from "../models.js";
import { concatenated, paperWeights } from "./paper-weights.js";
import { WasmInstance } from "./wasm-instance.js";

export const STRAIGHTFORWARD_WASM = "straightforward C, WASM";

/** What a port is called with, and by which names. */
export interface PortCall {
  /** Below bench/straightforward. */
  readonly file: string;
  readonly run: string;
  readonly memory: string;
  readonly sizes: readonly number[];
  /** In the port's order. */
  readonly tensors: readonly Tensor[];
  readonly frames: number;
  readonly input: Float32Array;
  readonly logits: number;
}

export function straightforwardWasm(root: string, model: BenchModel): Contender {
  const run = portRunner(root, {
    file: "straightforward.wasm",
    run: "run",
    memory: "memory_floats",
    ...paperWeights(model.networks.plain),
    frames: model.frames,
    input: model.input,
    logits: model.reference.length,
  });
  const verify = near(STRAIGHTFORWARD_WASM, model.reference, PEER_TOLERANCE);
  return inProcess({ name: STRAIGHTFORWARD_WASM, verify, run });
}

/** What runs a port on its input. */
export function portRunner(root: string, call: PortCall): () => Float32Array<ArrayBuffer> {
  const file = join(root, "bench/straightforward", call.file);
  const wasm = new WasmInstance(new Uint8Array(readFileSync(file)));
  const first = wasm.placeFloats(concatenated(call.tensors));
  let next = first;
  const addresses = call.tensors.map(({ data }) => {
    const address = next;
    next += data.byteLength;
    return address;
  });
  const [sizesAt, weightsAt] = [wasm.placeWords(call.sizes), wasm.placeWords(addresses)];
  const floats = wasm.functions[call.memory]!(sizesAt, call.frames);
  const memoryAt = wasm.allocate(floats * Float32Array.BYTES_PER_ELEMENT);
  const inputAt = wasm.placeFloats(call.input);
  const logitsAt = wasm.placeFloats(new Float32Array(call.logits));
  return () => {
    wasm.f32.set(call.input, inputAt >> 2);
    wasm.functions[call.run]!(sizesAt, weightsAt, inputAt, call.frames, memoryAt, logitsAt);
    return wasm.f32.slice(logitsAt >> 2, (logitsAt >> 2) + call.logits);
  };
}
