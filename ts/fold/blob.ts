/** Makes the blob of a folded network, with the record of what folding did. */
import { type CompleteBlobOptions, createBlob } from "../blob/blob.js";
import { encodeNetwork } from "../blob/encode.js";
import { writeBlob } from "../blob/write.js";
import type { Engine } from "../core/engine.js";
import type { Network } from "../graph/network.js";
import { foldNetwork } from "./fold.js";
import { countsOf, FOLD_METADATA, type FoldCounts, type FoldRecord } from "./record.js";

/**
 * As `createBlob`, of the folded network.
 * @throws as `createBlob`
 */
export async function createFoldedBlob(
  engine: Engine,
  network: Network,
  options: CompleteBlobOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const folding = foldNetwork(network);
  const record: FoldRecord = {
    before: await countNetwork(engine, network, options),
    after: await countNetwork(engine, folding.network, options),
    steps: folding.steps,
  };
  const metadata = { ...options.metadata, [FOLD_METADATA]: record };
  return createBlob(engine, folding.network, { ...options, metadata });
}

/** Frames between the two lengths that are counted: strides and rates divide it. */
const COUNTED_FRAMES = 256;

/** In the number type that the blob will have. */
async function countNetwork(
  engine: Engine,
  network: Network,
  { transform }: CompleteBlobOptions,
): Promise<FoldCounts> {
  const { lengths } = encodeNetwork(network);
  const shorter = lengths.near(lengths.minFrames);
  const longer = lengths.near(shorter + COUNTED_FRAMES);
  const model = await engine.loadModel(writeBlob(network, transform && { transform }));
  try {
    return countsOf(model, shorter, longer);
  } finally {
    model.dispose();
  }
}
