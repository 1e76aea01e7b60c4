/**
 * The one model that is open in the worker, with its engine and its blob. Opening another one gives
 * the first one's memory back. Knows nothing of messages.
 */

import { BadState } from "../../core/errors.js";
import { Engine, type InputArray, type Model, type Network } from "../../index.js";
import type { CheckpointAddresses } from "./protocol.js";

export interface Bench {
  readonly engine: Engine;
  readonly model: Model;
  readonly blob: Uint8Array;
  /** What the blob was made from, if that is known: a network, or where its checkpoint is. */
  readonly madeFrom: Origin | CheckpointAddresses | undefined;
}

export interface Origin {
  readonly network: Network;
  /** Of an exported file: its first reference input, which is the self-test's. */
  readonly testInput?: InputArray;
}

export class Workbench {
  #engine: Promise<Engine> | undefined;
  #bench: Bench | undefined;
  readonly #onClose: (() => void)[] = [];

  engine(): Promise<Engine> {
    this.#engine ??= Engine.load();
    return this.#engine;
  }

  /** @throws BadState when no model is open. */
  get open(): Bench {
    if (this.#bench === undefined) throw new BadState("no model is open");
    return this.#bench;
  }

  /** What must go before the model goes: called once. */
  whenClosed(release: () => void): void {
    this.#onClose.push(release);
  }

  /** Opens `blob`; the model that was open stays when this one is refused. */
  async replace(blob: Uint8Array, madeFrom: Bench["madeFrom"]): Promise<Bench> {
    const engine = await this.engine();
    const model = await engine.loadModel(blob);
    this.close();
    this.#bench = { engine, model, blob, madeFrom };
    return this.#bench;
  }

  close(): void {
    for (const release of this.#onClose.splice(0)) release();
    this.#bench?.model.dispose();
    this.#bench = undefined;
  }
}
