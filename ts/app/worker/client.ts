/**
 * The page's end of the worker: calls become promises, and cancelling ends the worker, whatever it
 * is in the middle of; the next call starts a fresh one. Knows nothing of what is called.
 */
import type { CallName, Calls, DraftAnswer, Problem, Progress, Reply } from "./protocol.js";

/** A problem that the worker reports; `message` is one line for a person. */
export class SimulatorProblem extends Error {
  readonly code: string;
  readonly draft: DraftAnswer | undefined;
  constructor({ code, message, draft }: Problem) {
    super(message);
    this.code = code;
    this.draft = draft;
  }
}

/** What calls that were under way end with when they are cancelled. */
export const CANCELLED = "CANCELLED";

interface Pending {
  resolve(output: unknown): void;
  reject(problem: SimulatorProblem): void;
  onProgress?: ((progress: Progress) => void) | undefined;
}

export class SimulatorClient {
  #worker: Worker | undefined;
  #nextId = 1;
  readonly #pending = new Map<number, Pending>();

  call<Name extends CallName>(
    name: Name,
    input: Calls[Name]["input"],
    onProgress?: (progress: Progress) => void,
    transfer: Transferable[] = [],
  ): Promise<Calls[Name]["output"]> {
    this.#worker ??= this.#start();
    const id = this.#nextId++;
    const promise = new Promise<Calls[Name]["output"]>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as Pending["resolve"], reject, onProgress });
    });
    this.#worker.postMessage({ id, name, input }, transfer);
    return promise;
  }

  /** Ends everything that is under way, and the open model with it. */
  cancel(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#rejectAll({ code: CANCELLED, message: "cancelled" });
  }

  #start(): Worker {
    const worker = new Worker(new URL("./simulator.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#worker?.terminate();
      this.#worker = undefined;
      const message = event.message || "its code could not be loaded";
      this.#rejectAll({ code: "WORKER", message: `the simulator stopped: ${message}` });
    };
    return worker;
  }

  #receive(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    if ("progress" in reply) {
      pending.onProgress?.(reply.progress);
      return;
    }
    this.#pending.delete(reply.id);
    if ("problem" in reply) pending.reject(new SimulatorProblem(reply.problem));
    else pending.resolve(reply.output);
  }

  #rejectAll(problem: Problem): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of all) reject(new SimulatorProblem(problem));
  }
}
