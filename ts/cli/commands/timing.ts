/** `mambalite timing add`: what firmware measured on a board, against the estimate, and into a catalogue. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { COSTS } from "../../board/cost-table.js";
import { BadArgument } from "../../core/errors.js";
import type { Model } from "../../core/model.js";
import { hexWord } from "../../hex-word.js";
import { toJson } from "../../json.js";
import { BUNDLED_MODELS } from "../../models/index.js";
import { Engine } from "../../node.js";
import {
  EMPTY_TIMINGS,
  parseTimingReport,
  parseTimings,
  type TimingReport,
  timingRow,
  withTiming,
} from "../../profile/timing-report.js";
import { inFile, readBytes, writeAtomically } from "../files.js";
import { withModel } from "../load-model.js";
import { renderTiming } from "../render/timing.js";

export interface TimingOptions {
  readonly catalogue?: string;
  readonly model?: string;
  readonly json?: boolean;
}

export async function timingAdd(path: string, options: TimingOptions): Promise<string> {
  const report = await inFile(path, () => parseTimingReport(textOf(path)));
  const row = await inModel(report, options, (model) =>
    inFile(path, () => timingRow(report, model, COSTS)),
  );
  const { catalogue } = options;
  if (catalogue !== undefined) {
    const before = existsSync(catalogue)
      ? await inFile(catalogue, () => parseTimings(textOf(catalogue)))
      : EMPTY_TIMINGS;
    const text = toJson(withTiming(before, row));
    await writeAtomically(catalogue, new TextEncoder().encode(text), [path]);
  }
  return options.json ? toJson(row) : renderTiming(row, catalogue);
}

function textOf(path: string): string {
  return new TextDecoder().decode(readBytes(path));
}

/** The model that the report is of: the one that is named, or a bundled one with its CRC-32. */
async function inModel<T>(
  { model: crc }: TimingReport,
  { model: named }: TimingOptions,
  use: (model: Model) => Promise<T>,
): Promise<T> {
  if (named !== undefined) {
    return withModel(named, {}, ({ model }) => {
      const found = hexWord(model.info.crc32);
      if (found === crc) return use(model);
      throw new BadArgument("--model", `the model with CRC-32 ${crc}`, `one with ${found}`);
    });
  }
  const engine = await Engine.load();
  try {
    for (const blob of bundledBlobs()) {
      const model = await engine.loadModel(readBytes(blob));
      if (hexWord(model.info.crc32) === crc) return await use(model);
      model.dispose();
    }
  } finally {
    engine.dispose();
  }
  throw new BadArgument("--model", `the model with CRC-32 ${crc}, no bundled one is it`, "none");
}

function bundledBlobs(): string[] {
  return BUNDLED_MODELS.flatMap(({ blob, integers, stream }) =>
    [blob, integers.blob, ...(stream ? [stream.blob] : [])].map((url) => fileURLToPath(url)),
  );
}
