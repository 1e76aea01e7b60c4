/**
 * What a checkpoint file holds once read: named tensors. Plain data. Knows nothing of the format
 * they came from or of the network they make.
 */
import type { Tensor } from "../graph/network.js";
import type { SavedModule } from "./saved-module.js";

/** A tensor whose elements are not floating point: listed; only tokens are decoded. */
export interface OtherTensor {
  readonly name: string;
  /** For example "int64". */
  readonly type: string;
  readonly shape: readonly number[];
  /** Of tokens that a network is tested with. */
  readonly integers?: Int32Array;
}

export interface StateDict {
  readonly format: "safetensors" | "pth";
  /** Floating-point tensors by name, in file order. Tied ones share one `data` where the file does. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Every other tensor by name. */
  readonly others: ReadonlyMap<string, OtherTensor>;
  /** Free text that came with the file (safetensors `__metadata__`). */
  readonly metadata: ReadonlyMap<string, string>;
  /** Of a module that was saved whole: its parts by path, "" the whole, in the order of definition. */
  readonly modules?: ReadonlyMap<string, SavedModule>;
}
