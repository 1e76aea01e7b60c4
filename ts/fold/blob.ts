/** Makes the blob of a folded network, with the record of what folding did. */
import { createBlob } from "../blob/blob.js";
import { type BlobOptions, writeBlob } from "../blob/write.js";
import type { Engine } from "../core/engine.js";
import type { Network } from "../network.js";
import { foldNetwork } from "./fold.js";
import { countsOf, FOLD_METADATA, type FoldCounts, type FoldRecord } from "./record.js";

/**
 * As `createBlob`, of the folded network.
 * @throws as `createBlob`
 */
export async function createFoldedBlob(
  engine: Engine,
  network: Network,
  options: Omit<BlobOptions, "selfTest"> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const folding = foldNetwork(network);
  const record: FoldRecord = {
    before: await countNetwork(engine, network),
    after: await countNetwork(engine, folding.network),
    steps: folding.steps,
  };
  const metadata = { ...options.metadata, [FOLD_METADATA]: record };
  return createBlob(engine, folding.network, { ...options, metadata });
}

async function countNetwork(engine: Engine, network: Network): Promise<FoldCounts> {
  const model = await engine.loadModel(writeBlob(network));
  try {
    return countsOf(model);
  } finally {
    model.dispose();
  }
}
