/** Runs the probe in many fresh processes, the kinds by turns in random order. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeInput } from "../contenders/native.js";
import { inputShape, makeGraphs } from "../contenders/onnxruntime.js";
import { concatenated, paperWeights } from "../contenders/paper-weights.js";
import type { BenchModel } from "../models.js";
import type { ProbeKind, ProbeResult } from "../probe.js";
import { shuffled, uniformNumbers } from "./random.js";
import type { Setup } from "./setup.js";
import { mustRun } from "./tools.js";

export interface Probed {
  readonly name: string;
  /** What must be shipped besides the model, and the model. */
  readonly libraryBytes: number;
  readonly modelBytes: number;
  readonly results: readonly ProbeResult[];
}

interface Subject {
  readonly name: string;
  readonly kind: ProbeKind;
  readonly modelFile: string;
  readonly args: readonly (string | number)[];
  readonly library: readonly string[];
}

const PROBE = fileURLToPath(new URL("../probe.js", import.meta.url));
const SEED = 7;

export const OURS_PROBED = "ours, WASM SIMD";

export function probeAll(setup: Setup, model: BenchModel, processes: number): Probed[] {
  const input = writeInput(setup.scratch, model);
  const subjects = subjectsFor(setup, model);
  const uniform = uniformNumbers(SEED);
  const results = new Map(subjects.map(({ name }): [string, ProbeResult[]] => [name, []]));
  for (let i = 0; i < processes; i++) {
    for (const { name, kind, modelFile, args } of shuffled(subjects, uniform)) {
      const words = [PROBE, setup.root, kind, modelFile, input, ...args.map(String)];
      results.get(name)!.push(JSON.parse(mustRun(process.execPath, words)) as ProbeResult);
    }
  }
  return subjects.map(({ name, modelFile, library }) => ({
    name,
    libraryBytes: library.reduce((sum, file) => sum + statSync(join(setup.root, file)).size, 0),
    modelBytes: statSync(modelFile).size,
    results: results.get(name)!,
  }));
}

function subjectsFor(setup: Setup, model: BenchModel): Subject[] {
  const { scratch, tools } = setup;
  mkdirSync(scratch, { recursive: true });
  const blob = join(scratch, `${model.id}.probe.mlm`);
  writeFileSync(blob, model.blobs.plain);
  const weights = join(scratch, `${model.id}.probe.f32`);
  const { sizes, tensors } = paperWeights(model.networks.plain);
  writeFileSync(weights, concatenated(tensors));
  const subjects: Subject[] = [
    {
      name: OURS_PROBED,
      kind: "ours",
      modelFile: blob,
      args: [],
      library: ["wasm/core.simd.wasm"],
    },
    {
      name: "straightforward C, WASM",
      kind: "straightforward",
      modelFile: weights,
      args: [...sizes, ...tensors.map(({ data }) => data.length)],
      library: ["bench/straightforward/straightforward.wasm"],
    },
  ];
  if (!tools.onnxruntime || tools.python === undefined) return subjects;
  const graph = join(makeGraphs(setup, model, "plain"), "scan.onnx");
  const args = inputShape(model, "scan");
  const shipped = {
    web: ["onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"],
    node: nativeLibraries(setup.root),
  };
  for (const kind of ["web", "node"] as const) {
    subjects.push({
      name: `onnxruntime-${kind}, Scan graph`,
      kind,
      modelFile: graph,
      args,
      library: shipped[kind].map((file) => join("bench/node_modules", file)),
    });
  }
  return subjects;
}

/** Of this platform, below node_modules. */
function nativeLibraries(root: string): string[] {
  const bin = "onnxruntime-node/bin";
  const [version = ""] = readdirSync(join(root, "bench/node_modules", bin));
  const folder = join(bin, version, process.platform, process.arch);
  return readdirSync(join(root, "bench/node_modules", folder)).map((file) => join(folder, file));
}
