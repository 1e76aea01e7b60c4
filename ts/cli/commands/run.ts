/** `mambalite run`: logits, their bits and the class of every sequence of an input. */
import type { Session } from "../../core/session.js";
import { toJson } from "../json.js";
import { readInputs } from "../load-input.js";
import { type ModelChoice, withModel } from "../load-model.js";
import { checkExecution, type ExecutionChoice, sessionOptions } from "../options.js";
import { mapWithProgress } from "../progress.js";
import { type Result, toResult } from "../results.js";
import { oneLine } from "../text.js";

export interface RunOptions extends ModelChoice, ExecutionChoice {
  readonly input: string;
  readonly allowNonfinite?: boolean;
  readonly json?: boolean;
}

export async function run(modelPath: string, options: RunOptions): Promise<string> {
  checkExecution(options);
  return withModel(modelPath, options, async ({ model }) => {
    const allowNonfinite = options.allowNonfinite ?? false;
    const inputs = await readInputs(options.input, model.info, allowNonfinite);
    const session = model.createSession(sessionOptions(options, inputs.frames));
    try {
      const results = mapWithProgress(inputs.sequences, "inputs", (sequence) =>
        runOne(session, sequence, allowNonfinite, model.labels),
      );
      return options.json ? toJson({ results }) : results.map(describe).join("");
    } finally {
      session.dispose();
    }
  });
}

function runOne(
  session: Session,
  sequence: Float32Array | Int32Array,
  allowNonfinite: boolean,
  labels: readonly string[],
): Result {
  return toResult(session.run(sequence, { allowNonfinite }), labels);
}

/** Logits of a vocabulary are too many to read. */
const MAX_SHOWN_LOGITS = 20;

function describe({ classIndex, label, logits, logitsBits }: Result, index: number): string {
  const name = label === undefined ? "" : ` ${oneLine(label)}`;
  const head = `input ${index}: class ${classIndex ?? "none"}${name}\n`;
  const shown = logits.slice(0, MAX_SHOWN_LOGITS).map((logit, i) => {
    const value = logit === null ? "not finite" : logit.toPrecision(9);
    return `  ${String(i).padStart(5)}  ${value.padStart(15)}  ${logitsBits[i]}\n`;
  });
  const hidden = logits.length - shown.length;
  const more = hidden > 0 ? `  and ${hidden} more logits: --json prints them all\n` : "";
  return head + shown.join("") + more;
}
