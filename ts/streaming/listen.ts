/**
 * A page that listens, in one call: the microphone or the motion sensors, and a detector in a worker. Knows nothing of
 * what is shown.
 */
import { BadArgument, DetectorStopped } from "../core/errors.js";
import type { Detection, DetectorOptions } from "./detector.js";
import type { WorkerReady, WorkerReply, WorkerStart } from "./detector-worker.js";
import type { Feed } from "./feed.js";
import type { LiveNote } from "./live.js";
import { openMicrophone } from "./microphone.js";
import { MOTION_CHANNELS, MOTION_HZ, openMotion } from "./motion.js";

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

/**
 * @throws NoSource (refused, missing, ...), DetectorStopped (the model, the core or the worker cannot be had),
 * BadArgument (the model takes something else than what it is to listen to)
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { port1, port2 } = new MessageChannel();
  const message = startOf(options, port2);
  const worker = options.worker?.() ?? packagedWorker();
  const followed = follow(worker, options);
  const { ready, problem } = followed;
  const suitable = ready.then((facts) => suited(facts, options));
  worker.postMessage(message, [port2]);
  // Asked for before anything is waited for: some browsers only ask while the user's click is fresh.
  const feed = openFeed(port1, followed, options);
  const failed = problem.then((reason) => Promise.reject(reason));
  try {
    const [facts, { stop }] = await Promise.race([Promise.all([suitable, feed]), failed]);
    const end = () => {
      stop();
      worker.terminate();
    };
    void problem.then((reason) => {
      end();
      options.onProblem?.(reason);
    });
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

/** What it throws at once is a rejection, too: the worker is there already. */
async function openFeed(
  port: MessagePort,
  { ready, problem }: Followed,
  { from, worklet }: ListenOptions,
): Promise<Feed> {
  if (typeof from === "function") return from(port);
  if (from === "motion") return openMotion(port);
  // Without a detector there is no rate, and the feed opens to be stopped.
  const rateHz = Promise.race([ready.then((facts) => facts.rateHz), problem.then(() => undefined)]);
  return openMicrophone(port, { rateHz, ...(worklet !== undefined && { worklet }) });
}

/** A function of the caller's knows what its model takes. @throws BadArgument */
function suited(facts: WorkerReady, { from = "microphone" }: ListenOptions): WorkerReady {
  const { inputKind, inputWidth } = facts;
  const takes = inputKind === "frames" ? `frames of ${inputWidth}` : inputKind;
  const gives = { microphone: "samples", motion: `frames of ${MOTION_CHANNELS}` };
  if (typeof from === "function" || takes === gives[from]) return facts;
  const got = `${JSON.stringify(from)}, which gives ${gives[from]}`;
  throw new BadArgument("from", `a source of ${takes}, as the model takes them`, got);
}

function startOf(given: ListenOptions, source: MessagePort): WorkerStart {
  const { model, front, wasm, onDetection: _, onNote: __, onProblem: ___, ...rest } = given;
  const { from, worker: ____, worklet: _____, ...options } = rest;
  return {
    model: model instanceof Uint8Array ? model : addressOf(model),
    ...(front !== undefined && { front }),
    ...(wasm !== undefined && { wasm: addressOf(wasm) }),
    options: from === "motion" ? { ...options, rateHz: options.rateHz ?? MOTION_HZ } : options,
    source,
  };
}

/** What a worker is to say: notes go out as they come, a first one before the feed is said to be open. */
interface Followed {
  readonly ready: Promise<WorkerReady>;
  /** The first one, at any time. */
  readonly problem: Promise<DetectorStopped>;
}

function follow(worker: Worker, { onDetection, onNote }: ListenOptions): Followed {
  const hear = (take: (reply: WorkerReply) => void) =>
    worker.addEventListener("message", ({ data }: MessageEvent<WorkerReply>) => take(data));
  hear((reply) => {
    if (!("note" in reply)) return;
    for (const detection of reply.note.detections) onDetection?.(detection);
    onNote?.(reply.note);
  });
  const ready = new Promise<WorkerReady>((resolve) => {
    hear((reply) => "ready" in reply && resolve(reply.ready));
  });
  const problem = new Promise<DetectorStopped>((resolve) => {
    worker.addEventListener("error", (event) => resolve(noWorker(event)));
    hear((reply) => {
      if (!("problem" in reply)) return;
      resolve(new DetectorStopped(reply.problem.code, reply.problem.message));
    });
  });
  return { ready, problem };
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
