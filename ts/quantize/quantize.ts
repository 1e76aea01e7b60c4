/** Makes the blob of a network in a smaller number type. What each type does is in its own file. */
import { type CompleteBlobOptions, createBlob } from "../blob/blob.js";
import type { Encoded } from "../blob/encode.js";
import type { Engine } from "../core/engine.js";
import type { Network } from "../graph/network.js";
import type { QuantizedType } from "./types.js";
import { quantizeW8 } from "./w8.js";

const QUANTIZERS: Readonly<Record<QuantizedType, (encoded: Encoded) => Encoded>> = {
  w8: quantizeW8,
};

/** The member of a blob's metadata that names its type. */
const TYPE_METADATA = "type";

export interface QuantizeOptions extends Omit<CompleteBlobOptions, "transform"> {
  readonly type: QuantizedType;
}

/**
 * The bytes of a network's blob in another type, with a self-test vector as `createBlob` makes it.
 * @throws as `createBlob`
 */
export function quantize(
  engine: Engine,
  network: Network,
  options: QuantizeOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  return createBlob(engine, network, quantizing(options));
}

/** What makes a blob one of this type, for any function that makes blobs. */
export function quantizing({ type, ...options }: QuantizeOptions): CompleteBlobOptions {
  const metadata = { ...options.metadata, [TYPE_METADATA]: type };
  return { ...options, metadata, transform: QUANTIZERS[type] };
}
