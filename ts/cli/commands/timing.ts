/** `mambalite timing add`: what firmware measured on a board, against the estimate, and into a catalogue. */
import { existsSync } from "node:fs";
import { COSTS } from "../../board/cost-table.js";
import { BadArgument } from "../../core/errors.js";
import { toJson } from "../../json.js";
import {
  EMPTY_TIMINGS,
  parseTimingReport,
  parseTimings,
  timingRow,
  withTiming,
} from "../../profile/timing-report.js";
import { inFile, readBytes, writeAtomically } from "../files.js";
import { withMeasured } from "../measured-model.js";
import { renderTiming } from "../render/timing.js";

export interface TimingOptions {
  readonly catalogue?: string;
  readonly model?: string;
  readonly json?: boolean;
}

export async function timingAdd(path: string, options: TimingOptions): Promise<string> {
  const report = await inFile(path, () => parseTimingReport(textOf(path)));
  const { model: crc } = report;
  const row = await withMeasured(crc, options, (model) =>
    inFile(path, () => timingRow(report, model, COSTS)),
  );
  if (row === undefined) {
    throw new BadArgument("--model", `the model with CRC-32 ${crc}, no bundled one is it`, "none");
  }
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
