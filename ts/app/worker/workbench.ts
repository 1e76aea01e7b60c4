/**
 * The one model that is open in the worker, with its engine and its blob. Opening another one gives
 * the first one's memory back. Knows nothing of messages.
 */

import { BadState } from "../../core/errors.js";
import { Engine } from "../../index.js";
import type { ListeningModel } from "../../open/listening.js";
import type { CheckpointAddresses } from "./protocol.js";

export type Bench = ListeningModel & {
  readonly isFolded: boolean;
  /** Of a bundled blob: where the checkpoint is that it was made from. */
  readonly madeFrom?: CheckpointAddresses;
};

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

  /** The model that was open gives way. */
  hold(bench: Bench): void {
    this.close();
    this.#bench = bench;
  }

  close(): void {
    for (const release of this.#onClose.splice(0)) release();
    this.#bench?.model.dispose();
    this.#bench = undefined;
  }
}
