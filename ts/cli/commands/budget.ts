/** `mambalite budget`: models against limits, and against what they were. */
import { MambaliteError } from "../../core/errors.js";
import { readBudget } from "../budget/file.js";
import { judge, type Line } from "../budget/judge.js";
import { baselineText, type Measurement, measure, readBaseline } from "../budget/measure.js";
import { FailedWithReport } from "../failure.js";
import { isFileLike, requireWritable, writeAtomically } from "../files.js";
import { renderBudget } from "../render/budget.js";

export interface BudgetOptions {
  readonly save?: boolean;
}

/** A limit is not kept. */
class OverBudget extends MambaliteError {
  readonly code = "OVER_BUDGET";
}

export async function budgetCommand(path: string, { save }: BudgetOptions): Promise<string> {
  const { baseline, models } = readBudget(path);
  if (save) requireWritable(baseline, [path]);
  const measured = new Map<string, Measurement>();
  for (const model of models) measured.set(model.name, await measure(model));
  const before = isFileLike(baseline) ? readBaseline(baseline) : undefined;
  // What is saved is what is to be: bits are held against themselves.
  const against = save ? measured : before;
  if (save) {
    await writeAtomically(baseline, new TextEncoder().encode(baselineText(measured)), [path]);
  }
  const lines = models.flatMap((model): Line[] => {
    const now = measured.get(model.name)!;
    const judged = judge(model, now, before?.get(model.name));
    const kept = judge(model, now, against?.get(model.name));
    return judged.map(({ problem: _, ...line }, i) => {
      const problem = kept[i]?.problem;
      return problem === undefined ? line : { ...line, problem };
    });
  });
  const report = renderBudget(lines);
  const problems = lines.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0) throw new FailedWithReport(new OverBudget(problems.join("; ")), report);
  return report;
}
