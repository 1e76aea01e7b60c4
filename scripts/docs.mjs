/**
 * Writes the parts of README.md and docs that a command prints, between `begin` and `end` comments; of
 * the benchmark, which takes long, what it printed when bench/results was written. `--check`
 * writes nothing and complains when a part is not what the command prints now; what was measured
 * (milliseconds, the host) may differ.
 *
 *   node scripts/docs.mjs [--check]
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process, { argv, env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { BOARDS } from "../dist/device/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const MODEL = "har";
/** The sizes of the paper's keyword spotter. */
const SPOTTER = "test/golden/paper_d64_t100/model.safetensors";
/** Written by `npm run bench`. */
const RESULTS = "bench/results";
const SCHEDULES = ["unfused", "layer", "stream"];

function mambalite(...args) {
  const { status, stdout, stderr } = spawnSync(execPath, ["scripts/mambalite.mjs", ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...env, NO_COLOR: "1" },
  });
  if (status === 0) return stdout;
  console.error(`mambalite ${args.join(" ")}: ${stderr}`);
  process.exit(1);
}

const PROFILE = mambalite("profile", MODEL, "--board", "esp32s3", "--board", "stm32h743");

function profilePart() {
  return `\`\`\`text\n${PROFILE}\`\`\`\n`;
}

/** Does it fit, and how long does it take: tables of the report without what is said beneath them. */
function verdictPart() {
  const tables = ["VERDICT", "TIME ON A BOARD"].map((title) => {
    const [part] = new RegExp(`^${title}[\\s\\S]*?(?=\\n\\n)`, "m").exec(PROFILE);
    return part
      .split("\n")
      .filter((line) => !/^ {3}\S/.test(line))
      .join("\n");
  });
  return `\`\`\`text\n${tables.join("\n\n")}\n\`\`\`\n`;
}

/** Every command's own words. */
function helpPart() {
  const names = [...mambalite("--help").matchAll(/^ {2}([a-z]+)(?: |\|)/gm)].map(
    ([, name]) => name,
  );
  const commands = names.filter((name) => name !== "help");
  return commands
    .map((name) => `### mambalite ${name}\n\n\`\`\`text\n${mambalite(name, "--help")}\`\`\`\n`)
    .join("\n");
}

/** The catalogue. */
function boardsPart() {
  const rows = BOARDS.map(({ id, name, core, clockHz, fpu, regions, flash }) => {
    const ram = regions.map((region) => `${region.name} ${grouped(region.usableBytes)}`).join(", ");
    const cells = [`\`${id}\``, name, core, `${clockHz / 1e6} MHz`, fpu, ram, grouped(flash.bytes)];
    return `| ${cells.join(" | ")} |\n`;
  });
  const head =
    "| board | | core | clock | FPU | RAM, usable bytes | flash, bytes |\n|---|---|---|---:|---|---|---:|\n";
  return head + rows.join("");
}

function memoryPart() {
  const plans = SCHEDULES.map(
    (schedule) => JSON.parse(mambalite("profile", SPOTTER, "--schedule", schedule, "--json")).plan,
  );
  const [unfused] = plans;
  const rows = plans.map(({ schedule, arenaBytes, minimumBytes }) => {
    const saved = (100 * (1 - arenaBytes / unfused.arenaBytes)).toFixed(1);
    return `| \`${schedule}\` | ${grouped(arenaBytes)} | ${saved} % | ${grouped(minimumBytes)} |\n`;
  });
  return `| schedule | arena, bytes | less than unfused | theoretical minimum |\n|---|---:|---:|---:|\n${rows.join("")}`;
}

function accuracyPart() {
  const folder = join(root, "test/golden");
  const rows = readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "logits_float64.npy")))
    .map((name) => accuracyRow(name));
  return `| \`npx mambalite compare test/golden/NAME/model.safetensors --golden test/golden/NAME\` | max error | mean error | classes equal |\n|---|---:|---:|---:|\n${rows.join("")}`;
}

function accuracyRow(name) {
  const folder = `test/golden/${name}`;
  const arch = existsSync(join(root, folder, "arch.json")) ? ["--arch", `${folder}/arch.json`] : [];
  const report = JSON.parse(
    mambalite("compare", `${folder}/model.safetensors`, "--golden", folder, ...arch, "--json"),
  );
  const errors = [report.maxRelative, report.meanRelative].map((error) => error.toExponential(1));
  const classes = `${report.sameClasses} of ${report.cases.length}`;
  return `| ${name}${arch.length > 0 ? " (with its `--arch`)" : ""} | ${errors.join(" | ")} | ${classes} |\n`;
}

/** What the last whole benchmark printed: ratios, claims and the machine. */
function speedPart() {
  const latency = readFileSync(join(root, RESULTS, "latency.md"), "utf8");
  const claims = readFileSync(join(root, RESULTS, "claims.md"), "utf8");
  const machine = /^Machine and versions:\n\n[\s\S]*/m.exec(latency)[0].trim();
  const [, sizes, ratios] = /^## (KWS-10[^\n]*): times as fast as\n\n([\s\S]*?)\n\n/m.exec(latency);
  const [, table] = /^## Claims\n\n([\s\S]*)/m.exec(claims);
  return `Times as fast as, ${sizes}:\n\n${ratios}\n\nClaims:\n\n${table.trim()}\n\n${machine}\n`;
}

/** What the last whole benchmark counted on the emulated Cortex-M7. */
function m7Part() {
  const mcu = readFileSync(join(root, RESULTS, "mcu.md"), "utf8");
  const row = /^\| Cortex-M7 with a double-precision FPU \|(.*)\|$/m.exec(mcu)[1];
  const [instructions, arena, stack, , code] = cellsOf(row);
  const cycles = cellsOf(/^\| cycles, estimated \|(.*)\|$/m.exec(mcu)[1]);
  const [, columns] = /^\| operator \|(.*)\|$/m.exec(mcu);
  const cyclesOf = (title) => cycles[cellsOf(columns).indexOf(title)];
  return (
    `On an emulated Cortex-M7 the paper's keyword spotter (KWS-10, 100 frames, tile 1) takes ${instructions}\n` +
    `instructions, an arena of ${arena} bytes, ${stack} bytes of stack and ${code} bytes of code. By a model of the\n` +
    `core's pipeline these are ${cyclesOf("assembly, tile 1")} cycles, everything in TCM, estimated; at tile 4 ` +
    `${cyclesOf("assembly, tile 4")}.\n`
  );
}

/** Instructions of both number types by core, as the last whole benchmark counted them. */
function instructionsPart() {
  const mcu = readFileSync(join(root, RESULTS, "mcu.md"), "utf8");
  const cores = {
    "Cortex-M0": "Cortex-M0 (thumbv6m)",
    "Cortex-M3": "Cortex-M3",
    "Cortex-M4": "Cortex-M4",
    "Cortex-M33": "Cortex-M33",
    "Cortex-M7": "Cortex-M7",
    RV32IMC: "rv32imc",
  };
  const counts = (network, column) =>
    Object.values(cores).map((core) => {
      const start = `| ${network}, ${core} | `;
      const row = mcu.split("\n").find((line) => line.startsWith(start));
      return inMillions(cellsOf(row.slice(start.length))[column]);
    });
  const rows = ["har", "KWS-10"].flatMap((network) => [
    `| ${network}, int | ${counts(network, 1).join(" | ")} |\n`,
    `| ${network}, f32 | ${counts(network, 0).join(" | ")} |\n`,
  ]);
  return `| million | ${Object.keys(cores).join(" | ")} |\n|---|${"---:|".repeat(Object.keys(cores).length)}\n${rows.join("")}`;
}

function inMillions(count) {
  const millions = Number(count.replaceAll(",", "")) / 1e6;
  return millions < 100 ? millions.toFixed(1) : grouped(Math.round(millions));
}

function cellsOf(row) {
  return row.split("|").map((cell) => cell.trim());
}

function grouped(value) {
  return value.toLocaleString("en-US");
}

/** Without what differs from run to run and from machine to machine. */
function withoutMeasurements(text) {
  return text
    .replace(/^( +[0-9]* +\S+(?: +[0-9,]+){4}) .*$/gm, "$1")
    .replace(/^ +operator .*$/gm, "")
    .replace(/^ +median .*$/gm, "")
    .replace(/, Node [0-9.]+, .*$/gm, "");
}

/** Parts by the file they stand in. */
const PARTS = {
  "README.md": { verdict: verdictPart },
  "docs/report.md": { profile: profilePart, memory: memoryPart },
  "docs/cli.md": { help: helpPart },
  "docs/boards.md": { boards: boardsPart, m7: m7Part },
  "docs/quantize.md": { instructions: instructionsPart },
  "docs/results.md": { speed: speedPart, accuracy: accuracyPart },
};

for (const [file, parts] of Object.entries(PARTS)) {
  const path = join(root, file);
  let text = readFileSync(path, "utf8");
  for (const [name, make] of Object.entries(parts)) text = withPart(file, text, name, make());
  if (!argv.includes("--check")) writeFileSync(path, text);
}

function withPart(file, text, name, content) {
  const part = new RegExp(`(<!-- begin ${name} [^\\n]*-->\\n)([\\s\\S]*?)(<!-- end ${name} -->)`);
  const written = part.exec(text)?.[2];
  if (written === undefined) throw new Error(`${file} has no part "${name}"`);
  const made = `\n${content}\n`;
  if (!argv.includes("--check"))
    return text.replace(part, (_, begin, __, end) => begin + made + end);
  if (withoutMeasurements(written) !== withoutMeasurements(made)) {
    console.error(`${file}: part "${name}" is not what the command prints: node scripts/docs.mjs`);
    process.exitCode = 1;
  }
  return text;
}
