/** A running model's blob, which says what it is. */
import { createBlob } from "../blob/blob.js";
import type { Engine } from "../core/engine.js";
import type { Network } from "../graph/network.js";
import { runningNetwork, STREAM_METADATA, type WindowForm } from "./networks.js";

/** @throws as `runningNetwork` and `createBlob` */
export function createRunningBlob(
  engine: Engine,
  network: Network,
  form: WindowForm,
): Promise<Uint8Array> {
  const metadata = { [STREAM_METADATA]: form };
  return createBlob(engine, runningNetwork(network, form), { metadata });
}
