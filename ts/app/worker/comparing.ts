/**
 * Compares the open model with a reference that was dropped: an input, its outputs, and perhaps a trace of every
 * operator. Knows nothing of pages, or of what the files are called.
 */
import { compareWith, isWithin, warningOf } from "../../open/comparison.js";
import { namesOf } from "../../open/files.js";
import { findReference, readReference } from "../../open/reference.js";
import { DEFAULT_TRACE_TOLERANCE } from "../../profile/index.js";
import { readFile } from "./bytes.js";
import { settingsOf } from "./figures.js";
import type { Choice, ComparisonAnswer, NamedFile, Progress } from "./protocol.js";
import type { Workbench } from "./workbench.js";

/** @throws BadArgument (a file is missing), FileProblem (one that cannot be used, by its path) */
export async function compareFiles(
  workbench: Workbench,
  files: readonly NamedFile[],
  choice: Choice,
  report: (progress: Progress) => void,
): Promise<ComparisonAnswer> {
  const { model } = workbench.open;
  report({ what: "reading the reference" });
  const entries = files.map(({ path, file }) => ({ path, read: () => readFile(file) }));
  const found = await findReference(entries, model, {
    argument: "the reference",
    got: namesOf(files),
  });
  const reference = await readReference(found, model);
  const comparison = compareWith(model, reference, {
    settings: settingsOf(choice),
    traceTolerance: DEFAULT_TRACE_TOLERANCE,
    onCase: (done, total) =>
      report({ what: "running the reference's inputs", share: done / total }),
  });
  const { tolerance } = reference;
  const tolerances = { tolerance, traceTolerance: DEFAULT_TRACE_TOLERANCE };
  return {
    comparison,
    ...tolerances,
    isWithin: isWithin(comparison, tolerances),
    warning: warningOf(comparison, tolerances),
    reference: found.outputs.map(({ path }) => path).join(", "),
  };
}
