/**
 * The paper's table for the bundled models, every schedule: memory, error and class agreement against
 * float32 PyTorch on the whole test set, latency, instructions. Writes scripts/models/table.json and
 * its part of docs/models.md. Needs ../shared/data and the tools for Cortex-M7; takes two minutes.
 *
 *   node scripts/models/table.mjs            measures, and writes both
 *   node scripts/models/table.mjs --check    compares docs/models.md with table.json, and that with the plans
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import process, { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../build.mjs";

ensureBuilt();
const { Engine } = await import("../../dist/node.js");
const { BUNDLED_MODELS } = await import("../../dist/models/node.js");

const root = fileURLToPath(new URL("../..", import.meta.url));
const docsPath = join(root, "docs/models.md");
const tablePath = join(root, "scripts/models/table.json");
const PART = /(<!-- begin table [^\n]*-->\n)([\s\S]*?)(<!-- end table -->)/;

const SCHEDULES = ["unfused", "layer", "stream"];
/** Frames of one item. */
const FRAMES = { kws: 98, har: 128 };

function optionsOf(schedule, name) {
  return schedule === "stream" ? { schedule } : { schedule, maxFrames: FRAMES[name] };
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

function grouped(value) {
  return value.toLocaleString("en-US");
}

// ---- what docs/models.md shows -------------------------------------------------------------------------

function render({ rows, host, emulator }) {
  const lines = rows.map((row) => {
    const cells = [
      row.model,
      `\`${row.schedule}\``,
      grouped(row.arenaBytes),
      percent(1 - row.arenaBytes / unfusedBytes(rows, row.model)),
      row.error.meanRelative.toExponential(1),
      row.error.maxRelative.toExponential(1),
      `${grouped(row.items - row.disagreements)} of ${grouped(row.items)}`,
      row.medianMs.toFixed(2),
      `${(row.instructions / 1e6).toFixed(2)} M${row.fitsBoard ? "" : " (too large for the board)"}`,
    ];
    return `| ${cells.join(" | ")} |\n`;
  });
  return (
    "| model | schedule | arena, bytes | less than unfused | mean error | max error | classes equal | " +
    `host, ms | Cortex-M7 instructions |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n${lines.join("")}\n` +
    `Host: ${host}. Instructions: emulated, ${emulator}; \`stream\` with tile 1.\n`
  );
}

function unfusedBytes(rows, model) {
  return rows.find((row) => row.model === model && row.schedule === "unfused").arenaBytes;
}

function tablePart(page) {
  const part = PART.exec(page)?.[2];
  if (part === undefined) throw new Error('docs/models.md has no part "table"');
  return part;
}

// ---- --check --------------------------------------------------------------------------------------

async function check() {
  const table = JSON.parse(readFileSync(tablePath, "utf8"));
  const problems = [];
  if (tablePart(readFileSync(docsPath, "utf8")) !== `\n${render(table)}\n`) {
    problems.push('docs/models.md: part "table" is not what scripts/models/table.json says');
  }
  const engine = await Engine.load({ simd: "off" });
  for (const { name, blob } of BUNDLED_MODELS) {
    const model = await engine.loadModel(readFileSync(blob));
    for (const schedule of SCHEDULES) {
      const row = table.rows.find((r) => r.model === name && r.schedule === schedule);
      const { arenaBytes } = model.plan(optionsOf(schedule, name));
      if (row?.arenaBytes !== arenaBytes) {
        problems.push(`${name}, ${schedule}: ${row?.arenaBytes} bytes in the table, ${arenaBytes}`);
      }
    }
  }
  for (const problem of problems) console.error(`${problem}: npm run table`);
  if (problems.length > 0) process.exitCode = 1;
}

if (argv.includes("--check")) {
  await check();
} else {
  const { measureTable } = await import("./measure.mjs");
  const table = await measureTable(
    BUNDLED_MODELS.flatMap((bundled) =>
      SCHEDULES.map((schedule) => ({
        bundled,
        schedule,
        options: optionsOf(schedule, bundled.name),
      })),
    ),
    `${cpus()[0]?.model.trim() ?? "unknown processor"}, Node ${process.versions.node}, one thread`,
  );
  writeFileSync(tablePath, `${JSON.stringify(table, null, 2)}\n`);
  const page = readFileSync(docsPath, "utf8");
  tablePart(page);
  const made = `\n${render(table)}\n`;
  writeFileSync(
    docsPath,
    page.replace(PART, (_, begin, __, end) => begin + made + end),
  );
  console.log(render(table));
}
