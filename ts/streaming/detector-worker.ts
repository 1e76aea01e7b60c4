/** The worker of `listen`: one detector, from its options to its notes. Knows nothing of where input comes from. */
import { Engine } from "../core/engine.js";
import { BadFile } from "../core/errors.js";
import type { InputShape } from "../core/input.js";
import { createDetector, type DetectorOptions } from "./detector.js";
import { type LiveNote, type LiveProblem, problemOf, serveDetector } from "./live.js";

/** The first and only message. */
export interface WorkerStart {
  readonly model: Uint8Array | string;
  readonly front?: Uint8Array;
  readonly options: Omit<DetectorOptions, "model" | "front" | "onFrame">;
  /** Where the core is, if not where the package has it. */
  readonly wasm?: string;
  readonly source: MessagePort;
}

export interface WorkerReady {
  readonly labels: readonly string[];
  readonly rateHz: number | undefined;
  readonly inputKind: InputShape["inputKind"];
  /** Elements of an input: 1 of samples, the width of frames. */
  readonly inputWidth: number;
  readonly arenaBytes: number;
}

export type WorkerReply =
  | { readonly ready: WorkerReady }
  | { readonly note: LiveNote }
  | { readonly problem: LiveProblem };

interface Scope {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(reply: WorkerReply): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = ({ data }) => {
  start(data).catch((error) => scope.postMessage({ problem: problemOf(error) }));
};

async function start({ model, front, options, wasm, source }: WorkerStart): Promise<void> {
  const engine = await Engine.load(wasm === undefined ? {} : { wasm });
  const blob = typeof model === "string" ? await fetchBlob(model) : model;
  const detector = await createDetector(engine, {
    ...options,
    model: blob,
    ...(front !== undefined && { front }),
  });
  const { labels, rateHz, arenaBytes, inputKind, inputWidth } = detector;
  scope.postMessage({ ready: { labels, rateHz, inputKind, inputWidth, arenaBytes } });
  serveDetector({
    detector,
    source,
    onNote: (note) => scope.postMessage({ note }),
    onProblem: (problem) => scope.postMessage({ problem }),
  });
}

async function fetchBlob(address: string): Promise<Uint8Array> {
  const response = await fetch(address);
  if (!response.ok) throw new BadFile("mlm", `${address}: HTTP status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
