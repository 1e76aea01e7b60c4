/**
 * From what a user drops to an open model: reads the bytes, tells formats apart by content, converts
 * a checkpoint. Knows nothing of what the model is opened for.
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
import { BadCheckpoint, BadFile } from "../../core/errors.js";
import { outputValuesIn } from "../../core/format.js";
import type { Network } from "../../graph/network.js";
import type { Model } from "../../index.js";
import {
  assumptionsOf,
  compareReferences,
  moduleShapesOf,
  networkGraph,
  referenceTolerance,
} from "../../profile/index.js";
import { usualFrames } from "../sampling.js";
import type { DraftAnswer, OpenedModel, Progress, Source } from "./protocol.js";
import type { Workbench } from "./workbench.js";

/** "MLM" and 0x1A (see csrc/core/blob.h). */
const MLM_MAGIC = [0x4d, 0x4c, 0x4d, 0x1a];
/** What one array of a browser holds, and more than any microcontroller's model. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

type Report = (progress: Progress) => void;

export async function openModel(
  workbench: Workbench,
  source: Source,
  report: Report,
): Promise<OpenedModel> {
  report({ what: `reading ${source.name}`, share: 0 });
  const bytes = await readSource(source, report);
  const isBlob = MLM_MAGIC.every((byte, i) => bytes[i] === byte);
  const converted = isBlob ? undefined : await convert(workbench, source, bytes, report);
  report({ what: "checking the model" });
  const { engine, model, blob } = await workbench.replace(converted?.blob ?? bytes);
  const shapes = moduleShapesOf(model);
  return {
    name: source.name,
    format: converted?.format ?? "mlm",
    ...(converted !== undefined && { convention: converted.convention }),
    assumptions: assumptionsOf(model),
    fileBytes: bytes.length,
    info: model.info,
    labels: model.labels,
    ops: model.ops,
    graph: networkGraph(model, outputValuesIn(blob)),
    ...(shapes && { shapes }),
    parameters: model.ops.reduce((sum, op) => sum + op.parameters, 0),
    simd: engine.simd,
    version: engine.version,
    usualFrames: usualFrames(model.info),
  };
}

async function convert(workbench: Workbench, source: Source, bytes: Uint8Array, report: Report) {
  report({ what: "reading tensors" });
  const stateDict = readCheckpoint(bytes, { name: source.name });
  const arch = source.arch && readArch(await readFile(source.arch, () => {}));
  const network = await networkOrDraft(stateDict, arch);
  const exported = arch === undefined ? exportedFile(stateDict) : undefined;
  const references = exported && referencesOf(stateDict, exported);
  const [testInput] = references?.inputs ?? [];
  report({ what: "packing weights" });
  const engine = await workbench.engine();
  const blob = await createBlob(engine, network, testInput === undefined ? {} : { testInput });
  if (exported !== undefined && references !== undefined) {
    report({ what: "comparing with the references" });
    const model = await engine.loadModel(blob);
    try {
      requireReferences(model, references, referenceTolerance(exported.float32Error));
    } finally {
      model.dispose();
    }
  }
  return { blob, format: stateDict.format, convention: network.convention };
}

/** A checkpoint of no known network: what it probably is, for a person to mend. */
export class DraftNeeded extends BadCheckpoint {
  constructor(
    { tensor, expected, got }: BadCheckpoint,
    readonly draft: DraftAnswer,
  ) {
    super(tensor, expected, got);
  }
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

function readSource({ from, name }: Source, report: Report): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof from === "string") return fetchBytes(from);
  return readFile(from, (share) => report({ what: `reading ${name}`, share }));
}

/** @throws BadFile when it cannot be fetched. */
export async function fetchBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const name = url.slice(url.lastIndexOf("/") + 1);
  const response = await fetch(url).catch((cause) => {
    throw new BadFile(name, `it could not be fetched: ${String(cause)}`);
  });
  if (!response.ok) throw new BadFile(name, `it could not be fetched: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** @throws BadFile when it is too large or has gone. */
export async function readFile(
  file: File,
  onShare: (share: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > MAX_FILE_BYTES) {
    throw new BadFile(file.name, `${file.size} bytes, more than the ${MAX_FILE_BYTES} read here`);
  }
  try {
    const bytes = new Uint8Array(file.size);
    let at = 0;
    const reader = file.stream().getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes.set(part.value, at);
      at += part.value.length;
      onShare(at / file.size);
    }
    return bytes;
  } catch (cause) {
    throw new BadFile(file.name, `it could not be read: ${String(cause)}`);
  }
}
