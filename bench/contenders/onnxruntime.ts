/** ONNX Runtime for the web (WASM SIMD) and for Node (native), one thread each. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Contender, inProcess } from "../harness/contender.js";
import { near, PEER_TOLERANCE } from "../harness/correct.js";
import type { Setup } from "../harness/setup.js";
import { mustRun } from "../harness/tools.js";
import type { BenchModel, Form } from "../models.js";
import { writeWeights } from "./pytorch.js";

/** What of onnxruntime's interface is used here. */
export interface OnnxRuntime {
  readonly env?: { readonly wasm: { numThreads: number; wasmBinary?: ArrayBufferLike } };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => object;
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<OnnxSession>;
  };
}

interface OnnxSession {
  run(feeds: { input: object }): Promise<{ output: { data: Float32Array } }>;
  release(): Promise<void>;
}

export type Runtime = "web" | "node";
/** Files that bench/peers/make_onnx.py writes. */
export type GraphName = "export" | "scan" | "scan_fast";

export const RUNTIME_OPTIONS = {
  web: { executionProviders: ["wasm"], graphOptimizationLevel: "all" },
  node: {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "all",
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  },
} as const satisfies Record<Runtime, object>;

const GRAPH_TITLES: Readonly<Record<GraphName, string>> = {
  export: "torch.onnx.export",
  scan: "Scan graph",
  scan_fast: "Scan graph, exp outside",
};

export function onnxName(runtime: Runtime, graph: GraphName, form: Form): string {
  return `onnxruntime-${runtime}, ${GRAPH_TITLES[graph]}${form === "folded" ? ", folded" : ""}`;
}

export async function loadRuntime(root: string, runtime: Runtime): Promise<OnnxRuntime> {
  const file = join(root, `bench/peers/onnxruntime-${runtime}.mjs`);
  const loaded = (await import(pathToFileURL(file).href)) as OnnxRuntime;
  if (loaded.env !== undefined) loaded.env.wasm.numThreads = 1;
  return loaded;
}

/** The folder with a model's graphs; `export.onnx` is there for the plain form only. */
export function makeGraphs({ root, scratch, tools }: Setup, model: BenchModel, form: Form): string {
  const folder = join(scratch, `${model.id}.${form}.onnx`);
  const script = join(root, "bench/peers/make_onnx.py");
  const weights = writeWeights(scratch, model, form);
  const noExport = form === "folded" ? ["--no-export"] : [];
  mustRun(tools.python!, [script, weights, String(model.frames), folder, ...noExport]);
  return folder;
}

/** Shape of the input: the exported graph has a batch of one. */
export function inputShape({ networks, frames }: BenchModel, graph: GraphName): number[] {
  const shape = [frames, networks.plain.inputWidth];
  return graph === "export" ? [1, ...shape] : shape;
}

/** Every runtime with every graph of a model. None unless runtime and Python are there. */
export async function onnxruntime(setup: Setup, model: BenchModel): Promise<Contender[]> {
  if (!setup.tools.onnxruntime || setup.tools.python === undefined) return [];
  const folders = {
    plain: makeGraphs(setup, model, "plain"),
    folded: makeGraphs(setup, model, "folded"),
  };
  const entries: readonly (readonly [GraphName, Form])[] = [
    ["export", "plain"],
    ["scan", "plain"],
    ["scan_fast", "plain"],
    ["scan_fast", "folded"],
  ];
  const contenders: Contender[] = [];
  for (const runtime of ["web", "node"] as const) {
    const onnx = await loadRuntime(setup.root, runtime);
    for (const [graph, form] of entries) {
      const bytes = new Uint8Array(readFileSync(join(folders[form], `${graph}.onnx`)));
      const session = await onnx.InferenceSession.create(bytes, RUNTIME_OPTIONS[runtime]);
      const name = onnxName(runtime, graph, form);
      const shape = inputShape(model, graph);
      contenders.push(
        inProcess({
          name,
          verify: near(name, model.reference, PEER_TOLERANCE),
          run: async () => {
            const input = new onnx.Tensor("float32", model.input, shape);
            return (await session.run({ input })).output.data;
          },
          dispose: () => void session.release(),
        }),
      );
    }
  }
  return contenders;
}
