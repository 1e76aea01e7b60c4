/** A budget as Markdown, for a terminal and a pull request. Knows nothing of how it came about. */
import type { Line } from "../budget/judge.js";

const HEAD = ["model", "what", "limit", "baseline", "now", "change", ""];

export function renderBudget(lines: readonly Line[]): string {
  const rows = lines.map(({ model, what, limit, before, now, change, problem }) => {
    const verdict = problem !== undefined ? "**over**" : limit === "-" ? "" : "ok";
    return [model, what, limit, before, now, change, verdict];
  });
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const problems = lines.flatMap(({ problem }) => (problem === undefined ? [] : [`- ${problem}`]));
  const verdict =
    problems.length === 0
      ? ["Within the budget."]
      : [`Over the budget: ${problems.length}`, "", ...problems];
  return [
    ...[row(HEAD), row(HEAD.map((_, i) => (i < 2 ? "---" : "--:")))],
    ...[...rows.map(row), "", ...verdict, ""],
  ].join("\n");
}
