/**
 * The compiled core, ready to open models. Knows where it came from and whether it uses SIMD, and
 * nothing of any model.
 */
import { Core } from "./core.js";
import { BadWasm } from "./errors.js";
import { Model } from "./model.js";
import { Resource } from "./resource.js";
import {
  compileCore,
  packagedCore,
  resolveSimd,
  type SimdChoice,
  type WasmSource,
} from "./wasm.js";

export interface EngineOptions {
  /** Default "auto": SIMD where the runtime has it. Both cores give the same bits. */
  readonly simd?: SimdChoice;
  /** The core to use instead of the one in this package. */
  readonly wasm?: WasmSource;
}

export class Engine extends Resource {
  /** Whether this is the core with SIMD instructions. */
  readonly simd: boolean;
  /** Version of the core, e.g. "0.1.0". */
  readonly version: string;
  #module: WebAssembly.Module | undefined;
  /** The instance that showed what the core is; the first model gets it. */
  #firstCore: Core | undefined;

  /**
   * Fetches (browser) or reads (Node) the core and compiles it.
   * @throws BadWasm (not found, an HTML page, not this package's core, SIMD not supported or not
   * as asked for), BadArgument
   */
  static async load(options: EngineOptions = {}): Promise<Engine> {
    const choice = options.simd ?? "auto";
    const { wasm } = options;
    const mayChoose = choice !== "auto" || wasm === undefined;
    const simd = mayChoose ? await resolveSimd(choice) : undefined;
    const module = await compileCore(wasm ?? packagedCore(simd === true));
    const engine = new Engine(module, await Core.instantiate(module));
    if (choice !== "auto" && engine.simd !== simd) {
      throw new BadWasm(
        `simd is "${choice}", but the given core is built ${simd ? "without" : "with"} it`,
      );
    }
    return engine;
  }

  private constructor(module: WebAssembly.Module, core: Core) {
    super("Engine");
    this.#module = module;
    this.#firstCore = core;
    this.simd = core.simd;
    this.version = core.version;
  }

  /**
   * Validates a blob completely and opens it, in an instance and memory of its own.
   * @throws BadModel (with the core's numbers), BadInput (not bytes), OutOfMemory, Disposed
   */
  async loadModel(blob: Uint8Array | ArrayBuffer): Promise<Model> {
    this.assertAlive();
    const core = this.#firstCore ?? (await Core.instantiate(this.#module!));
    this.#firstCore = undefined;
    return Model.load(core, blob);
  }

  /** Models that were loaded live on. */
  protected override release(): void {
    this.#module = undefined;
    this.#firstCore = undefined;
  }
}
