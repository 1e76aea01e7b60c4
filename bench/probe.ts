/**
 * A fresh process that makes one result and says what it cost:
 *
 *   node probe.js ROOT ours|straightforward|web|node  MODEL_FILE INPUT_FILE [ARGUMENTS ...]
 *
 * Prints one line of JSON (ProbeResult). Files are read before any clock starts.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Package from "../ts/node.js";
import type { OnnxRuntime } from "./contenders/onnxruntime.js";
import { WasmInstance } from "./contenders/wasm-instance.js";
import { cpuMsNow } from "./harness/undisturbed.js";

export type ProbeKind = "ours" | "straightforward" | "web" | "node";

export interface ProbeResult {
  /** From importing the library to the first logits. */
  readonly withImportMs: number;
  /** From the bytes of library and model to the first logits, the library's JavaScript loaded. */
  readonly fromBytesMs: number;
  /** CPU time of the whole process meanwhile, its compiler threads included. */
  readonly fromBytesCpuMs: number;
  /** Growth of the resident set from just before `fromBytesMs` starts to the first logits. */
  readonly rssBytes: number;
  /** Of linear memory, all instances together; 0 where there is none. */
  readonly wasmMemoryBytes: number;
}

/** What a library needs to have run before its first result can be timed, and that result. */
interface Library {
  readonly firstResult: () => Promise<ArrayLike<number>>;
  readonly wasmMemoryBytes: () => number;
}

const [root = "", kind = "", modelFile = "", inputFile = "", ...rest] = process.argv.slice(2);
const model = new Uint8Array(readFileSync(modelFile));
const input = floatsOf(readFileSync(inputFile));

const LIBRARIES: Readonly<Record<ProbeKind, () => Promise<Library>>> = {
  ours,
  straightforward,
  web: () => onnx("web"),
  node: () => onnx("node"),
};

const beforeImport = performance.now();
const library = await LIBRARIES[kind as ProbeKind]();
const rssBefore = process.memoryUsage.rss();
const cpuStart = cpuMsNow();
const start = performance.now();
const logits = await library.firstResult();
const end = performance.now();
const result: ProbeResult = {
  withImportMs: end - beforeImport,
  fromBytesMs: end - start,
  fromBytesCpuMs: cpuMsNow() - cpuStart,
  rssBytes: process.memoryUsage.rss() - rssBefore,
  wasmMemoryBytes: library.wasmMemoryBytes(),
};
if (!Array.from(logits).every(Number.isFinite)) throw new Error("no logits");
console.log(JSON.stringify(result));

/** The package as it is published. */
async function ours(): Promise<Library> {
  const wasm = new Uint8Array(readFileSync(join(root, "wasm/core.simd.wasm")));
  const entry = pathToFileURL(join(root, "dist/node.js")).href;
  const memories = watchMemories();
  const { Engine, logitsOf } = (await import(entry)) as typeof Package;
  return {
    firstResult: async () => {
      const engine = await Engine.load({ wasm });
      const opened = await engine.loadModel(model);
      return logitsOf(opened.createSession().run(input));
    },
    wasmMemoryBytes: () => totalBytes(memories()),
  };
}

/** MODEL_FILE holds the weights; the arguments are sizes, then the lengths of the tensors. */
async function straightforward(): Promise<Library> {
  const bytes = new Uint8Array(
    readFileSync(join(root, "bench/straightforward/straightforward.wasm")),
  );
  const numbers = rest.map(Number);
  const [sizes, lengths] = [numbers.slice(0, 7), numbers.slice(7)];
  const frames = input.length / sizes[0]!;
  let instance: WasmInstance | undefined;
  const firstResult = async () => {
    const wasm = new WasmInstance(bytes);
    instance = wasm;
    let next = wasm.placeFloats(floatsOf(model));
    const addresses = lengths.map((length) => {
      const address = next;
      next += length * Float32Array.BYTES_PER_ELEMENT;
      return address;
    });
    const [sizesAt, weightsAt] = [wasm.placeWords(sizes), wasm.placeWords(addresses)];
    const floats = wasm.functions.memory_floats!(sizesAt, frames);
    const memoryAt = wasm.allocate(floats * Float32Array.BYTES_PER_ELEMENT);
    const [inputAt, logitsAt] = [wasm.placeFloats(input), wasm.allocate(64 * 4)];
    wasm.functions.run!(sizesAt, weightsAt, inputAt, frames, memoryAt, logitsAt);
    return wasm.f32.slice(logitsAt >> 2, (logitsAt >> 2) + sizes[6]!);
  };
  return { firstResult, wasmMemoryBytes: () => instance?.memoryBytes ?? 0 };
}

async function onnx(runtime: "web" | "node"): Promise<Library> {
  const memories = watchMemories();
  const file = join(root, `bench/peers/onnxruntime-${runtime}.mjs`);
  const binary = readFileSync(
    join(root, "bench/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"),
  );
  const { env, InferenceSession, Tensor } = (await import(pathToFileURL(file).href)) as OnnxRuntime;
  if (env !== undefined) {
    env.wasm.numThreads = 1;
    env.wasm.wasmBinary = binary.buffer.slice(
      binary.byteOffset,
      binary.byteOffset + binary.byteLength,
    );
  }
  const options =
    runtime === "web"
      ? { executionProviders: ["wasm"] }
      : { executionProviders: ["cpu"], intraOpNumThreads: 1, interOpNumThreads: 1 };
  return {
    firstResult: async () => {
      const session = await InferenceSession.create(model, options);
      const tensor = new Tensor("float32", input, rest.map(Number));
      return (await session.run({ input: tensor })).output.data;
    },
    wasmMemoryBytes: () => totalBytes(memories()),
  };
}

/** Notes every memory that a library makes or exports from now on. */
function watchMemories(): () => WebAssembly.Memory[] {
  const seen = new Set<WebAssembly.Memory>();
  const { Memory, Instance, instantiate } = WebAssembly;
  const note = ({ exports }: WebAssembly.Instance) => {
    for (const value of Object.values(exports)) if (value instanceof Memory) seen.add(value);
  };
  WebAssembly.Memory = new Proxy(Memory, {
    construct(target, args) {
      const memory = Reflect.construct(target, args) as WebAssembly.Memory;
      seen.add(memory);
      return memory;
    },
  });
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, args) {
      const instance = Reflect.construct(target, args) as WebAssembly.Instance;
      note(instance);
      return instance;
    },
  });
  WebAssembly.instantiate = (async (source: BufferSource, imports?: WebAssembly.Imports) => {
    const made = await instantiate(source, imports);
    note("instance" in made ? made.instance : (made as unknown as WebAssembly.Instance));
    return made;
  }) as typeof WebAssembly.instantiate;
  return () => [...seen];
}

function totalBytes(memories: readonly WebAssembly.Memory[]): number {
  return memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

function floatsOf(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  return new Float32Array(bytes.slice().buffer);
}
