/**
 * From what a user drops to an open model: reads the bytes, tells formats apart by content, converts
 * a checkpoint. Knows nothing of what the model is opened for.
 */
import { BadFile } from "../../core/errors.js";
import { outputValuesIn } from "../../core/format.js";
import { assumptionsOf, moduleShapesOf, networkGraph } from "../../profile/index.js";
import { usualFrames } from "../sampling.js";
import type { OpenedModel, Progress, Source } from "./protocol.js";
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
  const { engine, model, blob, madeFrom } = await workbench.replace(
    converted?.blob ?? bytes,
    converted?.origin ?? source.madeFrom,
  );
  const shapes = moduleShapesOf(model);
  return {
    name: source.name,
    format: converted?.format ?? "mlm",
    ...(converted !== undefined && { convention: converted.origin.network.convention }),
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
    canBeQuantized: madeFrom !== undefined,
  };
}

/** What reads checkpoints is loaded when there is one. */
async function convert(
  workbench: Workbench,
  source: Source,
  bytes: Uint8Array<ArrayBuffer>,
  report: Report,
) {
  const checkpoint = await import("./checkpoint.js");
  const arch = source.arch && (await readFile(source.arch, () => {}));
  return checkpoint.convert(workbench, bytes, source.name, arch, report);
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
