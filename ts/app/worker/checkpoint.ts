/**
 * Opens a checkpoint that a user dropped, with the files beside it; of one that is not known, a draft of what it
 * probably is. Loaded when there is one: what is bundled is blobs already. Knows nothing of formats.
 */
import { readCheckpoint } from "../../checkpoint/index.js";
import type { Engine } from "../../core/engine.js";
import { BadCheckpoint } from "../../core/errors.js";
import { readCompanions } from "../../open/companions.js";
import { openNetwork } from "../../open/convert.js";
import { type NetworkOptions, type ReadNetwork, readNetwork } from "../../open/network.js";
import type { OpenedCheckpoint, OpenStage } from "../../open/opened.js";
import { fetchBytes, readFile } from "./bytes.js";
import { DraftNeeded } from "./draft-needed.js";
import type { CheckpointAddresses, DraftAnswer, ModelChoice, Progress } from "./protocol.js";

const STAGES: Readonly<Record<OpenStage, string>> = {
  read: "reading tensors",
  pack: "packing weights",
  compare: "comparing with the references",
  quantize: "quantising",
};

/** @throws DraftNeeded, and as `openModel` of ts/open */
export async function openCheckpoint(
  engine: Engine,
  { source, fold }: ModelChoice,
  bytes: Uint8Array,
  report: (progress: Progress) => void,
): Promise<OpenedCheckpoint> {
  const onStage = (stage: OpenStage) => report({ what: STAGES[stage] });
  onStage("read");
  const files = await (source.madeFrom === undefined
    ? readCompanions(
        (source.companions ?? []).map((file) => ({ path: file.name, read: () => readFile(file) })),
      )
    : bundledFiles(source.madeFrom));
  const read = await networkOrDraft(bytes, { ...files, name: source.name });
  return openNetwork(engine, read, { fold, onStage });
}

/** The network of a bundled checkpoint. */
export async function readBundled(madeFrom: CheckpointAddresses): Promise<ReadNetwork> {
  const { checkpoint } = madeFrom;
  const files = await bundledFiles(madeFrom);
  return readNetwork(await fetchBytes(checkpoint), { ...files, name: checkpoint });
}

async function bundledFiles({ frontEnd, labels }: CheckpointAddresses) {
  return { frontEnd: await fetchBytes(frontEnd), labels: await fetchBytes(labels) };
}

/** @throws DraftNeeded where a draft can be made of a checkpoint without an arch */
async function networkOrDraft(bytes: Uint8Array, options: NetworkOptions): Promise<ReadNetwork> {
  try {
    return readNetwork(bytes, options);
  } catch (error) {
    if (!(error instanceof BadCheckpoint) || options.arch !== undefined) throw error;
    throw await withDraft(bytes, options, error);
  }
}

/** What makes drafts is loaded when one is needed. */
async function withDraft(
  bytes: Uint8Array,
  { name = "" }: NetworkOptions,
  problem: BadCheckpoint,
): Promise<BadCheckpoint> {
  const { draftLines, draftOf, draftText } = await import("../../checkpoint/draft/index.js");
  try {
    const draft = draftOf(readCheckpoint(bytes, { name }));
    const { guess } = draft;
    const answer: DraftAnswer = { text: draftText(draft), lines: draftLines(draft), guess };
    return new DraftNeeded(problem, answer);
  } catch (error) {
    if (error instanceof BadCheckpoint) return problem;
    throw error;
  }
}
