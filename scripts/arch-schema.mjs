/**
 * Writes what is made of the descriptors of the ops: the JSON Schema of arch files, and the table of kinds in
 * docs/arch.md.
 *
 *   node scripts/arch-schema.mjs [--check]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { argv, exit, stderr } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "./build.mjs";

ensureBuilt();
const { archSchema } = await import("../dist/checkpoint/arch/schema.js");
const { archKindsTable } = await import("../dist/checkpoint/arch/kinds-table.js");

const pathOf = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** The text between two marks of a document, and all around it. */
const TABLE = /(<!-- kinds: scripts\/arch-schema\.mjs -->\n)[\s\S]*?(\n<!-- \/kinds -->)/;

const made = {
  "ts/checkpoint/arch.schema.json": () => `${JSON.stringify(archSchema(), null, 2)}\n`,
  "docs/arch.md": (text) =>
    text.replace(TABLE, (_, before, after) => `${before}${archKindsTable()}${after}`),
};

for (const [name, make] of Object.entries(made)) {
  const committed = readFileSync(pathOf(name), "utf8");
  const text = make(committed);
  if (!argv.includes("--check")) writeFileSync(pathOf(name), text);
  else if (text !== committed) {
    stderr.write(`${name} is not what scripts/arch-schema.mjs makes\n`);
    exit(1);
  }
}
