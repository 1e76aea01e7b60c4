/**
 * Runs command lines of the built program in a thread that stays, one after the other: most of what a short command takes
 * is the start of its process. Knows nothing of what they print.
 */
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from "node:worker_threads";

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Thread {
  readonly port: MessagePort;
  /** How many command lines have ended. */
  readonly ended: Int32Array;
}

const PATIENCE_MS = 170_000;
let thread: Thread | undefined;

/** @throws when it does not end; the thread is given up then */
export function inThread(args: readonly string[], environment: NodeJS.ProcessEnv): Outcome {
  thread ??= start(environment);
  const { port, ended } = thread;
  const before = Atomics.load(ended, 0);
  port.postMessage({ args, environment });
  const waited = Atomics.wait(ended, 0, before, PATIENCE_MS);
  const answer = receiveMessageOnPort(port);
  if (waited === "timed-out" || answer === undefined) {
    thread = undefined;
    throw new Error(`mambalite ${args.join(" ")} did not end within ${PATIENCE_MS} ms`);
  }
  return answer.message as Outcome;
}

/** It ends with the tests of a file, and does not keep them. */
function start(environment: NodeJS.ProcessEnv): Thread {
  const { port1, port2 } = new MessageChannel();
  const ended = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(new URL("command-worker.mjs", import.meta.url), {
    workerData: { port: port2, ended },
    transferList: [port2],
    env: environment,
    execArgv: [],
  });
  worker.unref();
  port1.unref();
  return { port: port1, ended };
}
