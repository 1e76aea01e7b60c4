/**
 * Evaluates the open model over inputs whose classes are known. Loaded when somebody asks for it. What is right is said by
 * ts/open, as for the command line. Knows nothing of pages.
 */
import { toJson } from "../../json.js";
import { evaluationOf, evaluationReport } from "../../open/evaluation.js";
import { readLabelled } from "../../open/labelled-files.js";
import { readFile } from "./bytes.js";
import { optionsOf } from "./figures.js";
import type { Choice, EvaluationAnswer, NamedFile, Progress } from "./protocol.js";
import type { Bench } from "./workbench.js";

/** Messages to the page at most. */
const MOST_REPORTS = 100;

/** @throws BadArgument (a model without classes), BadInput, FileProblem (a file that cannot be used), NonFinite */
export async function evaluateOpen(
  { model }: Bench,
  files: readonly NamedFile[],
  choice: Choice,
  report: (progress: Progress) => void,
): Promise<EvaluationAnswer> {
  report({ what: "reading the set" });
  const entries = files.map(({ path, file }) => ({ path, read: () => readFile(file) }));
  const { source, frames, classes, leftOut } = await readLabelled(entries, model);
  const { count } = source;
  const session = model.createSession(optionsOf(choice, frames));
  const ran = { results: [] as ReturnType<typeof session.run>[], saturations: 0 };
  try {
    for (let index = 0; index < count; index++) {
      ran.results.push(session.run(await source.item(index)));
      ran.saturations += session.saturations;
      if (index % Math.ceil(count / MOST_REPORTS) === 0) {
        report({ what: "evaluating", share: index / count });
      }
    }
  } finally {
    session.dispose();
  }
  const evaluation = evaluationOf(model, ran, classes);
  return { evaluation, json: toJson(evaluationReport(evaluation)), leftOut };
}
