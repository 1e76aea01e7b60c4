/**
 * How a model listens to a stream that never ends: whether it is meant to, and its detector where nobody
 * says otherwise. Knows nothing of who asks.
 */
import { createBlob } from "../blob/blob.js";
import type { Engine } from "../core/engine.js";
import { BadArgument } from "../core/errors.js";
import type { RunSettings } from "../core/settings.js";
import type { Network } from "../graph/network.js";
import type { BundledStream } from "../models/index.js";
import type { DetectorOptions } from "../streaming/detector.js";
import { runningNetwork, type WindowForm, windowNetworks } from "../streaming/networks.js";
import { createRunningBlob } from "../streaming/running-blob.js";
import type { OpenedModel } from "./opened.js";
import { usualWindows, type WindowChoice } from "./windows.js";

export type DetectorMode = "running" | "exact";

/** Of a bundled model: as it was trained to be driven, by mode. */
export type StreamForms = Pick<BundledStream, DetectorMode>;

export type ListeningModel = OpenedModel & { readonly stream?: StreamForms };

export interface ListeningChoice extends RunSettings, WindowChoice {
  readonly fold?: boolean;
}

/** Labelled audio goes on for ever: a detector is what it is for, where its network can run so. */
export function listens({ model, network, stream }: ListeningModel, choice: ListeningChoice) {
  const { schedule = "stream", budget, fold } = choice;
  if (schedule !== "stream" || budget !== undefined || fold === true) return false;
  if (model.labels.length === 0 || model.info.inputKind !== "samples") return false;
  if (network === undefined) return isRunning(model);
  const own = stream?.running.windows;
  // Where only the windows that were asked for are wrong, the detector says so.
  return [choice, {}].some((windows) => canRun(network, usualWindows(model.info, windows, own)));
}

/** Whether it is a blob of a network that runs for ever already. */
function isRunning({ info, isEndless }: OpenedModel["model"]): boolean {
  return info.outputs[0]?.isSequence === true && isEndless;
}

function canRun(network: Network, form: WindowForm | undefined): boolean {
  if (form === undefined) return false;
  try {
    runningNetwork(network, form);
    return true;
  } catch (error) {
    if (error instanceof BadArgument) return false;
    throw error;
  }
}

/**
 * The detector of a model that listens; `tile` is how it is run.
 * @throws as `createRunningBlob`
 */
export async function usualDetector(
  open: ListeningModel,
  tile: number | undefined,
): Promise<DetectorOptions> {
  const { engine, model, network, blob, stream } = open;
  const how = { ...stream?.running.events, ...(tile !== undefined && { tile }) };
  const form = usualWindows(model.info, {}, stream?.running.windows);
  if (network === undefined || form === undefined) return { model: blob, ...how };
  return { ...(await detectorBlobs(engine, network, "running", form)), ...how };
}

/** @throws as `createRunningBlob`, `windowNetworks` and `createBlob` */
export async function detectorBlobs(
  engine: Engine,
  network: Network,
  mode: DetectorMode,
  form: WindowForm,
): Promise<Pick<DetectorOptions, "model" | "front"> & Partial<WindowForm>> {
  if (mode === "running") return { model: await createRunningBlob(engine, network, form) };
  const { front, model } = windowNetworks(network);
  return {
    model: await createBlob(engine, model),
    ...(front !== undefined && { front: await createBlob(engine, front) }),
    ...form,
  };
}
