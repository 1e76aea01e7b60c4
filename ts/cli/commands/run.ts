/** `mambalite run`: outputs, their bits and the class of every sequence of an input. */

import { type RunSettings, sessionOptions } from "../../core/settings.js";
import { toJson } from "../../json.js";
import { takenBy } from "../../open/inputs.js";
import { inModuleShapes, moduleShapesOf } from "../../profile/index.js";
import { runBatch } from "../batch/run-batch.js";
import { inputItems, readInputs } from "../load-input.js";
import { type ModelChoice, withModel } from "../load-model.js";
import { checkExecution } from "../options.js";
import { type LogitsResult, type OutputResult, type Result, toResult } from "../results.js";
import { cutOffLine, oneLine } from "../text.js";

export interface RunOptions extends ModelChoice, RunSettings {
  readonly input: string;
  readonly allowNonfinite?: boolean;
  readonly jobs?: number;
  readonly json?: boolean;
}

export async function run(modelPath: string, options: RunOptions): Promise<string> {
  checkExecution(options);
  return withModel(modelPath, options, async ({ model, blob }) => {
    const { allowNonfinite = false, simd = "auto", jobs } = options;
    const inputs = await readInputs(options.input, takenBy(model), allowNonfinite);
    const session = sessionOptions(options, inputs.frames);
    const batch = { items: inputItems(inputs), blob, simd, session, allowNonfinite };
    const { results: all, saturations } = await runBatch(model, batch, { jobs, noun: "inputs" });
    const shapes = moduleShapesOf(model);
    const results = all.map((outputs) => toResult(inModuleShapes(shapes, outputs), model.labels));
    if (options.json) return toJson({ results, ...(saturations > 0 && { saturations }) });
    return results.map(describe).join("") + cutOffLine(saturations);
  });
}

/** Logits of a vocabulary are too many to read. */
const MAX_SHOWN_LOGITS = 20;

function describe(result: Result, index: number): string {
  return "logits" in result
    ? describeLogits(result as LogitsResult, index)
    : `input ${index}\n${Object.entries(result.outputs).map(describeOutput).join("")}`;
}

function describeLogits(
  { classIndex, label, logits, logitsBits }: LogitsResult,
  index: number,
): string {
  const [only] = logits;
  if (only !== undefined && logits.length === 1) {
    return `input ${index}: ${valueText(only)}  ${logitsBits[0]}\n`;
  }
  const name = label === undefined ? "" : ` ${oneLine(label)}`;
  const head = `input ${index}: class ${classIndex ?? "none"}${name}\n`;
  const shown = logits.slice(0, MAX_SHOWN_LOGITS).map((logit, i) => {
    return `  ${String(i).padStart(5)}  ${valueText(logit).padStart(15)}  ${logitsBits[i]}\n`;
  });
  const hidden = logits.length - shown.length;
  const more = hidden > 0 ? `  and ${hidden} more logits: --json prints them all\n` : "";
  return head + shown.join("") + more;
}

/** As many digits as a float32 has. */
function valueText(value: number | null): string {
  return value === null ? "not finite" : value.toPrecision(9);
}

const MAX_SHOWN_ROWS = 10;
const MAX_SHOWN_COLUMNS = 8;

/** The first rows, the first columns of each. */
function describeOutput([name, { shape, values }]: [string, OutputResult]): string {
  const width = shape.at(-1) ?? 1;
  const rows = shape.length === 1 ? 1 : (shape[0] ?? 0);
  const columns = Math.min(width, MAX_SHOWN_COLUMNS);
  const lines = Array.from({ length: Math.min(rows, MAX_SHOWN_ROWS) }, (_, row) => {
    const shown = values.slice(row * width, row * width + columns);
    const more = columns < width ? " ..." : "";
    const texts = shown.map((value) => valueText(value).padStart(15)).join("");
    return `  ${String(row).padStart(5)}  ${texts}${more}\n`;
  });
  const isWhole = columns === width && lines.length === rows;
  const more = isWhole ? "" : "  --json prints all of it, and the bits\n";
  return `  ${oneLine(name)} [${shape.join(", ")}]\n${lines.join("")}${more}`;
}
