/**
 * A board beside the open model: its timing report beside the estimate, and inputs for it with the bits that it must
 * give. Loaded when somebody connects one. Knows nothing of serial lines or pages.
 */
import { COSTS } from "../../board/cost-table.js";
import { BadArgument } from "../../core/errors.js";
import { hexWord } from "../../hex-word.js";
import { inputsOf, takenBy } from "../../open/inputs.js";
import { parseTimingReport, type TimingRow, timingRow } from "../../profile/timing-report.js";
import { expectedBits } from "../../runner/expected.js";
import { inputValues } from "../../runner/values.js";
import type { BoardInput } from "./protocol.js";
import type { Bench } from "./workbench.js";

/** More than a person waits for. */
const MOST_INPUTS = 100;

/** @throws BadFile; BadArgument where the board has another model than the open one */
export function besideEstimate({ model }: Bench, text: string): TimingRow {
  const report = parseTimingReport(text);
  const open = hexWord(model.info.crc32);
  if (report.model !== open) {
    throw new BadArgument("the board's model", `the open one (CRC-32 ${open})`, report.model);
  }
  return timingRow(report, model, COSTS);
}

/** @throws BadFile, BadInput, NonFinite */
export function inputsForBoard({ model }: Bench, bytes: Uint8Array): BoardInput[] {
  const { sequences } = inputsOf(bytes, takenBy(model), false);
  return sequences.slice(0, MOST_INPUTS).map((sequence) => ({
    values: inputValues(model.info, sequence),
    expected: expectedBits(model, sequence),
  }));
}
