/** A case's result as Markdown. Knows nothing of how it was measured. */
import type { Machine } from "../harness/setup.js";
import { type CaseResult, type Claim, isMet, type Table } from "./result.js";
import { significant } from "./text.js";

export function renderCase(id: string, result: CaseResult, machine: Machine): string {
  const charts = result.charts.map(({ id: chart, title }) => `![${title}](${id}-${chart}.svg)\n`);
  return [
    `# ${result.title}\n`,
    `\`npm run bench -- ${id}\`\n`,
    ...result.tables.map(renderTable),
    ...charts,
    ...(result.claims.length > 0 ? [renderClaims(result.claims)] : []),
    ...(result.skipped.length > 0 ? [`Skipped:\n\n${list(result.skipped)}`] : []),
    renderMachine(machine),
  ].join("\n");
}

export function renderTable({ title, columns, rows, note }: Table): string {
  const alignment = columns.map((_, column) => (column === 0 ? "---" : "---:"));
  const lines = [columns, alignment, ...rows].map((cells) => `| ${cells.join(" | ")} |\n`);
  return `## ${title}\n\n${lines.join("")}${note === undefined ? "" : `\n${note}\n`}`;
}

export function renderClaims(claims: readonly Claim[]): string {
  return renderTable({
    title: "Claims",
    columns: ["", "measured", "claimed", ""],
    rows: claims.map((claim) => {
      const { text, value, atLeast, atMost, unit } = claim;
      const bound = atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`;
      const measured = Number.isInteger(value)
        ? value.toLocaleString("en-US")
        : significant(value, 3);
      return [text, `${measured} ${unit}`, `${bound} ${unit}`, isMet(claim) ? "met" : "NOT MET"];
    }),
  });
}

function renderMachine(machine: Machine): string {
  const facts = Object.entries(machine).map(([name, fact]) => `${name}: ${fact}`);
  return `Machine and versions:\n\n${list(facts)}`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}\n`).join("");
}
