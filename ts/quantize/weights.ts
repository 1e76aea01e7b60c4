/**
 * Quantises the weights of a network (`quantize`), and says what that has saved and, over inputs, what it has cost.
 * Knows nothing of integers: everything is still computed in float32.
 */
import { createBlob } from "../blob/blob.js";
import type { Engine } from "../core/engine.js";
import type { Model } from "../core/model.js";
import type { Outputs } from "../core/outputs.js";
import type { Network } from "../graph/network.js";
import { type QuantizeOptions, quantizing } from "./quantize.js";
import { type CommonReport, commonReport, type Evaluation, evaluate } from "./report.js";

export interface QuantizeWeightsOptions extends QuantizeOptions {
  /** Runs a model over the inputs that both networks are compared by; without it they are not compared. */
  readonly run?: (model: Model, blob: Uint8Array) => Promise<readonly Outputs[]>;
  /** What makes a blob of a network: `createBlob`, or `createFoldedBlob`. */
  readonly make?: typeof createBlob;
}

export interface WeightsReport extends CommonReport {
  readonly evaluation?: Evaluation;
}

export interface QuantizedWeights {
  readonly blob: Uint8Array<ArrayBuffer>;
  readonly report: WeightsReport;
}

/**
 * The blob as `quantize` makes it, and its report.
 * @throws as `createBlob`, and what `run` throws
 */
export async function quantizeWeights(
  engine: Engine,
  network: Network,
  { run, make = createBlob, type, ...blobOptions }: QuantizeWeightsOptions,
): Promise<QuantizedWeights> {
  const plain = await make(engine, network, blobOptions);
  const before = await engine.loadModel(plain);
  try {
    const blob = await make(engine, network, quantizing({ ...blobOptions, type }));
    const after = await engine.loadModel(blob);
    try {
      const common = commonReport(before, after);
      if (run === undefined) return { blob, report: common };
      const reference = await run(before, plain);
      const evaluation = evaluate(await run(after, blob), reference);
      return { blob, report: { ...common, evaluation } };
    } finally {
      after.dispose();
    }
  } finally {
    before.dispose();
  }
}
