/**
 * Whether runs agree on what each operator takes on this host: profiles a model in one process after the other, and
 * prints the spread of each operator's times. Ends with 1 where one is wider than 10 %.
 *
 *   npm run bench -- operator-agreement [MODEL ...] [--runs 10]
 */
import { spawnSync } from "node:child_process";
import { argv, execPath, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureBuilt } from "../scripts/build.mjs";

ensureBuilt();
const MOST_SPREAD = 1.1;
const NANOSECONDS = 1e6;
const OUTPUT_BYTES = 1 << 26;
const tool = fileURLToPath(new URL("../scripts/mambalite.mjs", import.meta.url));
const { values, positionals } = parseArgs({
  args: argv.slice(2),
  options: { runs: { type: "string", default: "10" } },
  allowPositionals: true,
});
const models = positionals.length > 0 ? positionals : ["har", "kws"];

/** The operators of one profile, by what they do and what they are called. */
function operatorsOf(model) {
  const options = { encoding: "utf8", maxBuffer: OUTPUT_BYTES };
  const { status, stdout, stderr } = spawnSync(
    execPath,
    [tool, "profile", model, "--json"],
    options,
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout).operators;
}

/** @returns the widest spread: the longest time over the shortest */
function compare(model) {
  const runs = Array.from({ length: Number(values.runs) }, () => operatorsOf(model));
  console.log(`\n${model}, ${runs.length} runs: nanoseconds of a run of the model\n`);
  console.log("| operator | least | median | most | most / least |\n|---|---:|---:|---:|---:|");
  const spreads = runs[0].map(({ name }, i) => {
    const times = runs.map((operators) => operators[i].hostMs).sort((a, b) => a - b);
    const [least, median, most] = [times[0], times[times.length >> 1], times.at(-1)];
    const shown = [least, median, most].map((ms) => (ms * NANOSECONDS).toFixed(1));
    console.log(`| ${[name, ...shown, (most / least).toFixed(3)].join(" | ")} |`);
    return most / least;
  });
  return Math.max(...spreads);
}

const widest = Math.max(...models.map(compare));
console.log(`\nwidest: ${widest.toFixed(3)}, wanted: at most ${MOST_SPREAD}`);
if (!(widest <= MOST_SPREAD)) exit(1);
