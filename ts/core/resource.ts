/**
 * The lifetime of objects that hold memory: alive until `dispose()`, of which a second call is
 * harmless and after which every use throws. Knows nothing of what is held.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { Disposed } from "./errors.js";

/** `Symbol.dispose`, or a stand-in on runtimes that do not have it yet. */
const disposeSymbol: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");

export abstract class Resource {
  readonly #what: string;
  #alive = true;

  /** @param what names the object in the error; a class's own name is changed by minifiers. */
  protected constructor(what: string) {
    this.#what = what;
  }

  /** False once `dispose()` was called. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Gives the memory back. Twice is harmless. */
  dispose(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.release();
  }

  /** For `using`: the same as `dispose()`. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /** Called once, by the first `dispose()`. */
  protected abstract release(): void;

  /** @throws Disposed after `dispose()`. */
  protected assertAlive(): void {
    if (!this.#alive) throw new Disposed(this.#what);
  }
}
