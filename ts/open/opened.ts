/** What is asked of a checkpoint on its way to a model, and what an open model is. Knows nothing of how it is done. */
import type { Engine } from "../core/engine.js";
import type { Model } from "../core/model.js";
import type { Network } from "../graph/network.js";
import type { InputSource } from "../quantize/inputs.js";
import type { QuantizeNetworkOptions, QuantizeReport } from "../quantize/int.js";
import type { WeightsReport } from "../quantize/weights.js";
import type { ExportedReferences, ReadNetwork } from "./network.js";

/** Another number type: of the weights alone, or integers, calibrated over inputs. */
export type QuantizeRequest =
  | { readonly type: "w8" }
  | ({ readonly type: "int"; readonly inputs: InputSource } & Pick<
      QuantizeNetworkOptions,
      "stateBits" | "float" | "evaluation" | "shares" | "progress"
    >);

export interface ConvertOptions {
  /** Multiply linear layers together where that saves work; changes the last bits. */
  readonly fold?: boolean;
  readonly quantize?: QuantizeRequest;
  /**
   * Whether the references inside an exported file must come out as PyTorch gave them, in float32 and before another
   * number type is made. Default true.
   */
  readonly checkReferences?: boolean;
  readonly onStage?: (stage: OpenStage) => void;
}

/** What is done next. */
export type OpenStage = "read" | "pack" | "compare" | "quantize";

/** A model with its blob; `dispose` of the model gives its memory back. */
export type OpenedModel = OpenedBlob | OpenedCheckpoint;

interface Opened {
  readonly engine: Engine;
  readonly model: Model;
  readonly blob: Uint8Array;
}

/** A blob is what it is. */
export interface OpenedBlob extends Opened {
  readonly format: "mlm";
  readonly network?: never;
  readonly exported?: never;
}

export interface OpenedCheckpoint extends Opened {
  readonly format: ReadNetwork["format"];
  /** As it was read, before it was folded or quantised. */
  readonly network: Network;
  readonly exported?: ExportedReferences;
  /** Of another number type: what that has cost and saved. */
  readonly quantized?: QuantizeReport | WeightsReport;
}
