/** `mambalite run`: logits, their bits and the class of every sequence of an input. */
import { runBatch } from "../batch/run-batch.js";
import { toJson } from "../json.js";
import { inputItems, readInputs } from "../load-input.js";
import { type ModelChoice, withModel } from "../load-model.js";
import { checkExecution, type ExecutionChoice, sessionOptions } from "../options.js";
import { type Result, toResult } from "../results.js";
import { oneLine } from "../text.js";

export interface RunOptions extends ModelChoice, ExecutionChoice {
  readonly input: string;
  readonly allowNonfinite?: boolean;
  readonly jobs?: number;
  readonly json?: boolean;
}

export async function run(modelPath: string, options: RunOptions): Promise<string> {
  checkExecution(options);
  return withModel(modelPath, options, async ({ model, blob }) => {
    const { allowNonfinite = false, simd = "auto", jobs } = options;
    const inputs = await readInputs(options.input, model.info, allowNonfinite);
    const session = sessionOptions(options, inputs.frames);
    const batch = { items: inputItems(inputs), blob, simd, session, allowNonfinite };
    const rows = await runBatch(model, batch, { jobs, noun: "inputs" });
    const results = rows.map((logits) => toResult(logits, model.labels));
    return options.json ? toJson({ results }) : results.map(describe).join("");
  });
}

/** Logits of a vocabulary are too many to read. */
const MAX_SHOWN_LOGITS = 20;

function describe({ classIndex, label, logits, logitsBits }: Result, index: number): string {
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
