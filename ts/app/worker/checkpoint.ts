/**
 * From a checkpoint's bytes to a blob. Loaded when somebody drops one: what is bundled is blobs already. Knows nothing
 * of where the bytes come from.
 */
import { createBlob } from "../../blob/blob.js";
import {
  type Arch,
  exportedFile,
  type References,
  readArch,
  readCheckpoint,
  referencesOf,
  type StateDict,
  toNetwork,
} from "../../checkpoint/index.js";
import { BadCheckpoint } from "../../core/errors.js";
import type { Network } from "../../graph/network.js";
import type { Model } from "../../index.js";
import { compareReferences, referenceTolerance } from "../../profile/index.js";
import { DraftNeeded } from "./draft-needed.js";
import type { DraftAnswer, Progress } from "./protocol.js";
import type { Origin, Workbench } from "./workbench.js";

type Report = (progress: Progress) => void;

/** A checkpoint's blob; `archText` is the JSON of its architecture where one was given. @throws DraftNeeded, BadCheckpoint, BadFile */
export async function convert(
  workbench: Workbench,
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  archText: Uint8Array | undefined,
  report: Report,
) {
  report({ what: "reading tensors" });
  const stateDict = readCheckpoint(bytes, { name });
  const arch = archText && readArch(archText);
  const network = await networkOrDraft(stateDict, arch);
  const exported = arch === undefined ? exportedFile(stateDict) : undefined;
  const references = exported && referencesOf(stateDict, exported);
  const [testInput] = references?.inputs ?? [];
  report({ what: "packing weights" });
  const engine = await workbench.engine();
  const test = testInput === undefined ? {} : { testInput };
  const blob = await createBlob(engine, network, test);
  if (exported !== undefined && references !== undefined) {
    report({ what: "comparing with the references" });
    const model = await engine.loadModel(blob);
    try {
      requireReferences(model, references, referenceTolerance(exported.float32Error));
    } finally {
      model.dispose();
    }
  }
  const origin: Origin = { network, ...test };
  return { blob, format: stateDict.format, origin };
}

/** @throws DraftNeeded where a draft can be made of a checkpoint without an arch */
async function networkOrDraft(stateDict: StateDict, arch: Arch | undefined): Promise<Network> {
  if (arch !== undefined) return toNetwork(stateDict, { arch });
  try {
    return toNetwork(stateDict);
  } catch (error) {
    if (!(error instanceof BadCheckpoint)) throw error;
    throw new DraftNeeded(error, await draftAnswer(stateDict, error));
  }
}

/** What makes drafts is loaded when one is needed. */
async function draftAnswer(stateDict: StateDict, problem: BadCheckpoint): Promise<DraftAnswer> {
  const { draftLines, draftOf, draftText } = await import("../../checkpoint/draft/index.js");
  try {
    const draft = draftOf(stateDict);
    return { text: draftText(draft), lines: draftLines(draft), guess: draft.guess };
  } catch (error) {
    throw error instanceof BadCheckpoint ? problem : error;
  }
}

/** @throws BadCheckpoint when the core does not give what PyTorch gave */
function requireReferences(model: Model, references: References, tolerance: number): void {
  const { maxRelative } = compareReferences(model, references).all;
  if (maxRelative <= tolerance) return;
  const expected = `outputs within ${tolerance} of the references in the file`;
  throw new BadCheckpoint("the exported network", expected, maxRelative.toExponential(2));
}
