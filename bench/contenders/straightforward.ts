/** The straightforward C port in WebAssembly: see bench/straightforward. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Contender, inProcess } from "../harness/contender.js";
import { near, PEER_TOLERANCE } from "../harness/correct.js";
import type { BenchModel } from "../models.js";
import { concatenated, paperWeights } from "./paper-weights.js";
import { WasmInstance } from "./wasm-instance.js";

export const STRAIGHTFORWARD_WASM = "straightforward C, WASM";

export function straightforwardWasm(root: string, model: BenchModel): Contender {
  const file = join(root, "bench/straightforward/straightforward.wasm");
  const wasm = new WasmInstance(new Uint8Array(readFileSync(file)));
  const { sizes, tensors } = paperWeights(model.networks.plain);
  const first = wasm.placeFloats(concatenated(tensors));
  let next = first;
  const addresses = tensors.map(({ data }) => {
    const address = next;
    next += data.byteLength;
    return address;
  });
  const [sizesAt, weightsAt] = [wasm.placeWords(sizes), wasm.placeWords(addresses)];
  const floats = wasm.functions.memory_floats!(sizesAt, model.frames);
  const memoryAt = wasm.allocate(floats * Float32Array.BYTES_PER_ELEMENT);
  const inputAt = wasm.placeFloats(model.input);
  const logitsAt = wasm.placeFloats(new Float32Array(model.reference.length));
  const run = () => {
    wasm.f32.set(model.input, inputAt >> 2);
    wasm.functions.run!(sizesAt, weightsAt, inputAt, model.frames, memoryAt, logitsAt);
    return wasm.f32.slice(logitsAt >> 2, (logitsAt >> 2) + model.reference.length);
  };
  const verify = near(STRAIGHTFORWARD_WASM, model.reference, PEER_TOLERANCE);
  return inProcess({ name: STRAIGHTFORWARD_WASM, verify, run });
}
