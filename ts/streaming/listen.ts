/**
 * A page that listens, in one call: the microphone or the motion sensors, and a detector in a worker. Knows nothing of
 * what is shown.
 */
import { DetectorStopped } from "../core/errors.js";
import type { Detection, DetectorOptions } from "./detector.js";
import type { WorkerReady, WorkerReply, WorkerStart } from "./detector-worker.js";
import type { Feed } from "./feed.js";
import type { LiveNote } from "./live.js";
import { openMicrophone } from "./microphone.js";
import { openMotion } from "./motion.js";

export interface ListenOptions extends Omit<DetectorOptions, "model" | "onFrame"> {
  /** The blob, or where it is. */
  readonly model: Uint8Array | URL | string;
  /** Default "microphone". A function opens another one: it posts what `openMicrophone` and `openMotion` post. */
  readonly from?: "microphone" | "motion" | ((port: MessagePort) => Promise<Feed>);
  readonly onDetection?: (detection: Detection) => void;
  /** After each block of input, some 30 a second. */
  readonly onNote?: (note: LiveNote) => void;
  /** It has ended by itself. */
  readonly onProblem?: (problem: DetectorStopped) => void;
  /** Of detector-worker.js, for bundlers that do not find it. */
  readonly worker?: () => Worker;
  /** Where capture-worklet.js and the core are, likewise. */
  readonly worklet?: URL | string;
  readonly wasm?: URL | string;
}

export interface Listener extends WorkerReady {
  stop(): void;
}

/** @throws NoSource (refused, missing, ...), DetectorStopped (the model, the core or the worker cannot be had) */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { port1, port2 } = new MessageChannel();
  const worker = options.worker?.() ?? packagedWorker();
  const ready = start(worker, port2, options);
  // Asked for before anything is waited for: some browsers only ask while the user's click is fresh.
  const feed = openFeed(port1, options);
  try {
    const [facts, { stop }] = await Promise.all([ready, feed]);
    const end = () => {
      stop();
      worker.terminate();
    };
    follow(worker, options, end);
    return { ...facts, stop: end };
  } catch (error) {
    worker.terminate();
    feed.then(({ stop }) => stop()).catch(() => {}); // the reason is thrown already
    throw error;
  }
}

/** Bundlers find the file by this expression. */
function packagedWorker(): Worker {
  return new Worker(new URL("./detector-worker.js", import.meta.url), { type: "module" });
}

function openFeed(port: MessagePort, { from, worklet }: ListenOptions): Promise<Feed> {
  if (typeof from === "function") return from(port);
  if (from === "motion") return openMotion(port);
  return openMicrophone(port, worklet === undefined ? {} : { worklet });
}

function start(worker: Worker, source: MessagePort, given: ListenOptions): Promise<WorkerReady> {
  const { model, front, wasm, onDetection: _, onNote: __, onProblem: ___, ...rest } = given;
  const { from: ____, worker: _____, worklet: ______, ...options } = rest;
  const message: WorkerStart = {
    model: model instanceof Uint8Array ? model : addressOf(model),
    ...(front !== undefined && { front }),
    ...(wasm !== undefined && { wasm: addressOf(wasm) }),
    options,
    source,
  };
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(noWorker(event));
    worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
      if ("ready" in data) resolve(data.ready);
      if ("problem" in data) reject(new DetectorStopped(data.problem.code, data.problem.message));
    };
    worker.postMessage(message, [source]);
  });
}

function follow(worker: Worker, options: ListenOptions, end: () => void): void {
  const fail = (problem: DetectorStopped) => {
    end();
    options.onProblem?.(problem);
  };
  worker.onerror = (event) => fail(noWorker(event));
  worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
    if ("problem" in data) fail(new DetectorStopped(data.problem.code, data.problem.message));
    if (!("note" in data)) return;
    for (const detection of data.note.detections) options.onDetection?.(detection);
    options.onNote?.(data.note);
  };
}

/** A worker's own address may be another one than the page's. */
function addressOf(location: URL | string): string {
  return new URL(location, document.baseURI).href;
}

function noWorker(event: ErrorEvent): DetectorStopped {
  event.preventDefault();
  const message = event.message || "detector-worker.js could not be loaded";
  return new DetectorStopped("WORKER", `the detector's worker stopped: ${message}`);
}
