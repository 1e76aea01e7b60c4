/** Where things are, and what this machine has: looked up once, handed to every case. */
import { mkdirSync, readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { firstLine, tryRun } from "./tools.js";

export interface Setup {
  /** The project's root. */
  readonly root: string;
  /** For whatever a case makes; not committed. */
  readonly scratch: string;
  readonly rounds: number;
  readonly core: {
    readonly simd: Uint8Array<ArrayBuffer>;
    readonly baseline: Uint8Array<ArrayBuffer>;
  };
  readonly tools: Tools;
  readonly machine: Machine;
}

/** Commands that work here. */
export interface Tools {
  readonly gcc?: string;
  /** A Python with torch, onnx and numpy: what bench.mjs found. */
  readonly python?: string;
  /** The folder with onnxruntime-web and onnxruntime-node is installed. */
  readonly onnxruntime: boolean;
}

export type Machine = Readonly<Record<string, string>>;

/** Compiled, this file is build/bench/bench/harness/setup.js. */
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

const PYTHON_VERSIONS =
  "import torch, onnx, numpy; print(torch.__version__, onnx.__version__, numpy.__version__)";

export function makeSetup(rounds: number): Setup {
  const scratch = join(ROOT, "build/bench/scratch");
  mkdirSync(scratch, { recursive: true });
  const tools = findTools();
  const core = {
    simd: new Uint8Array(readFileSync(join(ROOT, "wasm/core.simd.wasm"))),
    baseline: new Uint8Array(readFileSync(join(ROOT, "wasm/core.wasm"))),
  };
  return { root: ROOT, scratch, rounds, core, tools, machine: describeMachine(tools) };
}

function findTools(): Tools {
  const gcc = ["gcc", "cc"].find((name) => tryRun(name, ["--version"]) !== undefined);
  const python = process.env.MAMBALITE_PYTHON;
  return {
    ...(gcc && { gcc }),
    ...(python && { python }),
    onnxruntime: onnxruntimeVersion() !== undefined,
  };
}

function describeMachine({ gcc, python }: Tools): Machine {
  const facts: Record<string, string | undefined> = {
    processor: `${cpus()[0]?.model.trim() ?? "unknown"}, ${cpus().length} threads`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${process.arch}`,
    Node: `${process.versions.node} (V8 ${process.versions.v8})`,
    gcc: gcc && firstLine(tryRun(gcc, ["--version"])),
    onnxruntime: onnxruntimeVersion(),
    "torch, onnx, numpy": python && tryRun(python, ["-c", PYTHON_VERSIONS]),
    commit: tryRun("git", ["-C", ROOT, "rev-parse", "--short", "HEAD"]),
  };
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, fact ?? "not here"]),
  );
}

function onnxruntimeVersion(): string | undefined {
  try {
    const file = join(ROOT, "bench/node_modules/onnxruntime-web/package.json");
    return JSON.parse(readFileSync(file, "utf8")).version;
  } catch {
    return undefined;
  }
}
