/**
 * The kinds of ops as a Markdown table, for docs/arch.md: made of the table that arch files are read by.
 */
import { ARCH_KINDS, type ArchField, type ArchKind } from "./kinds.js";

export function archKindsTable(): string {
  const rows = [...ARCH_KINDS.values()].map(rowOf);
  return ["| kind | what it is | fields | tensors |", "|---|---|---|---|", ...rows].join("\n");
}

function rowOf(kind: ArchKind): string {
  const { inputs, fields, tensors, summary } = kind;
  const reads = inputs === undefined ? "" : `; \`inputs\`${namesText(inputs.names)}`;
  const fieldTexts = Object.entries(fields).map(([name, field]) => fieldText(name, field));
  const tensorTexts = tensors.map(
    ({ key, form }) => `\`${key}\`${form.isOptional === true ? "?" : ""}`,
  );
  const cells = [
    `\`${kind.kind}\``,
    `${summary}${reads}`,
    fieldTexts.join("<br>"),
    tensorTexts.join(" "),
  ];
  return `| ${cells.join(" | ")} |`;
}

function namesText(names: readonly string[]): string {
  return names.length === 0 ? "" : ` ${names.join(", ")}`;
}

function fieldText(name: string, field: ArchField): string {
  const preset = field.type !== "op" && field.default !== undefined ? ` (${field.default})` : "";
  const optional = field.isOptional === true ? "?" : "";
  const choices = field.type === "choice" ? ` ${field.choices.join(" · ")}:` : "";
  return `\`${name}\`${optional}${preset}${choices} ${field.meaning}`;
}
