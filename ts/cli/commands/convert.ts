/** `mambalite convert`: a checkpoint becomes a model blob, tested before it is written. */
import { BadArgument } from "../../core/errors.js";
import { HEADER } from "../../core/format.js";
import type { Model } from "../../core/model.js";
import type { Network } from "../../graph/network.js";
import { hexWord } from "../../hex-word.js";
import { toJson } from "../../json.js";
import { comparisonReport, isWithin } from "../../open/comparison.js";
import type { ExportedReferences } from "../../open/network.js";
import type { WindowChoice } from "../../open/windows.js";
import {
  assumptionsOf,
  compareReferences,
  DEFAULT_TRACE_TOLERANCE,
  type OutputsAccuracy,
  referenceTolerance,
} from "../../profile/index.js";
import { createRunningBlob } from "../../streaming/index.js";
import { locateModel } from "../bundled.js";
import { windowsOf } from "../detector.js";
import { requireWritable, writeAtomically } from "../files.js";
import { type OpenModel, withModel } from "../load-model.js";
import { refuseGiven } from "../options.js";
import { renderComparison } from "../render/comparison.js";
import { counted, exponential, grouped, oneLine } from "../text.js";
import { beyond } from "./compare.js";

export interface ConvertOptions extends WindowChoice {
  readonly output: string;
  readonly arch?: string;
  readonly frontend?: string;
  readonly labels?: string;
  readonly fold?: boolean;
  /** For streams that never end: see ts/streaming. */
  readonly running?: boolean;
  readonly json?: boolean;
}

export async function convert(checkpoint: string, options: ConvertOptions): Promise<string> {
  const { arch, frontend, labels } = options;
  if (options.running !== true) refuseGiven(options, ["window", "hop"], "--running", "none");
  const { model: file } = locateModel(checkpoint, true);
  const sources = [file, arch, frontend, labels].filter((path) => path !== undefined);
  requireWritable(options.output, sources);
  return withModel(
    checkpoint,
    { ...options, asCheckpoint: true, comparesItself: true },
    async (open) => {
      const { model, format, exported } = open;
      if (open.format === "mlm") {
        throw new BadArgument("checkpoint", ".safetensors, .pth or .pt", `${checkpoint}, a .mlm`);
      }
      const { convention } = open.network;
      model.selfTest();
      const references = exported && checkReferences(model, exported, options.json === true);
      const blob =
        options.running === true ? await runningOf(open, open.network, options) : open.blob;
      await writeAtomically(options.output, blob, sources);
      const crc32 = hexWord(crc32Of(blob));
      if (options.json) {
        const { output } = options;
        const assumptions = assumptionsOf(model);
        const maxRelative = references?.all.maxRelative;
        return toJson({
          ...{ output, format, convention, blobBytes: blob.length, crc32, assumptions },
          ...(references && { references: references.all.cases.length, maxRelative }),
        });
      }
      const from = convention === "exported" ? "exported" : `${convention} naming`;
      return (
        `${oneLine(options.output)}: ${grouped(blob.length)} bytes, CRC-32 ${crc32}, ` +
        `from ${format} (${from})\n` +
        (references === undefined ? "" : agreement(references)) +
        assumptionsOf(model)
          .map((assumption) => `  assumed: ${oneLine(assumption)}\n`)
          .join("")
      );
    },
  );
}

function crc32Of(blob: Uint8Array): number {
  return new DataView(blob.buffer, blob.byteOffset).getUint32(HEADER.crc32, true);
}

function runningOf(
  { engine, model, stream }: OpenModel,
  network: Network,
  options: ConvertOptions,
) {
  if (options.fold === true) throw new BadArgument("--running", "no --fold", "both");
  const form = windowsOf(model, options, stream?.running.windows);
  return createRunningBlob(engine, network, form);
}

function agreement({ all }: OutputsAccuracy): string {
  return `  as PyTorch: ${counted(all.cases.length, "reference")}, max error ${exponential(all.maxRelative)}\n`;
}

/** @throws FailedWithReport (BeyondTolerance): a network that is not the module's is never written */
function checkReferences(
  model: Model,
  { references, float32Error }: ExportedReferences,
  isJson: boolean,
): OutputsAccuracy {
  const tolerances = {
    tolerance: referenceTolerance(float32Error),
    traceTolerance: DEFAULT_TRACE_TOLERANCE,
  };
  const accuracy = compareReferences(model, references);
  if (isWithin(accuracy, tolerances)) return accuracy;
  const comparison = { ...accuracy, hasClasses: false };
  const report = isJson
    ? comparisonReport(comparison, tolerances)
    : renderComparison(comparison, tolerances, model);
  throw beyond(comparison, tolerances, report, NOT_WRITTEN);
}

const NOT_WRITTEN = "; nothing was written (mambalite compare shows every operator)";
