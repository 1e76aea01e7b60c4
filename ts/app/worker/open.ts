/**
 * From what a user drops to an open model: gets the bytes, and says what is under way. Knows nothing of what is in
 * them, or of what the model is opened for.
 */
import { outputValuesIn } from "../../core/format.js";
import { isBlob, openBlob } from "../../open/model.js";
import { assumptionsOf, moduleShapesOf, networkGraph } from "../../profile/index.js";
import { fetchBytes, readFile } from "./bytes.js";
import type { ModelChoice, OpenedModel, Progress } from "./protocol.js";
import type { Bench, Workbench } from "./workbench.js";

type Report = (progress: Progress) => void;

export async function openModel(
  workbench: Workbench,
  choice: ModelChoice,
  report: Report,
): Promise<OpenedModel> {
  const { source } = choice;
  report({ what: `reading ${source.name}`, share: 0 });
  // What is folded is not the blob, but the checkpoint that it was made from.
  const madeFrom = choice.fold ? source.madeFrom : undefined;
  const bytes = await bytesOf(madeFrom?.checkpoint ?? source.from, source.name, report);
  const bench = await opened(workbench, choice, bytes, report);
  workbench.hold(bench);
  return { ...described(bench), name: source.name, fileBytes: bytes.length };
}

/** What reads checkpoints is loaded when there is one. */
async function opened(
  workbench: Workbench,
  choice: ModelChoice,
  bytes: Uint8Array,
  report: Report,
): Promise<Bench> {
  const { madeFrom, stream } = choice.source;
  const engine = await workbench.engine();
  if (!isBlob(bytes)) {
    const { openCheckpoint } = await import("./checkpoint.js");
    const open = await openCheckpoint(engine, choice, bytes, report);
    return { ...open, isFolded: choice.fold, ...(stream && { stream }) };
  }
  report({ what: "checking the model" });
  const open = await openBlob(engine, bytes);
  const more = { ...(madeFrom && { madeFrom }), ...(stream && { stream }) };
  return { ...open, isFolded: false, ...more };
}

function described(bench: Bench): Omit<OpenedModel, "name" | "fileBytes"> {
  const { engine, model, blob, format, network, madeFrom, isFolded } = bench;
  const shapes = moduleShapesOf(model);
  return {
    format,
    ...(network && { convention: network.convention }),
    assumptions: assumptionsOf(model),
    info: model.info,
    labels: model.labels,
    ops: model.ops,
    graph: networkGraph(model, outputValuesIn(blob)),
    ...(shapes && { shapes }),
    parameters: model.ops.reduce((sum, op) => sum + op.parameters, 0),
    simd: engine.simd,
    version: engine.version,
    hasCheckpoint: network !== undefined || madeFrom !== undefined,
    isFolded,
  };
}

function bytesOf(
  from: File | string,
  name: string,
  report: Report,
): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof from === "string") return fetchBytes(from);
  return readFile(from, (share) => report({ what: `reading ${name}`, share }));
}
