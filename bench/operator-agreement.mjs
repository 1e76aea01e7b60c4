/**
 * Whether runs agree on what each operator takes on this host: profiles a model in one process after the other, and
 * prints the spread of each operator's times, and of its share of its own run: a host's clock may be half as fast for
 * seconds, which most operators of a run then have in common. Ends with 1 where times are wider spread than 10 %.
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

function spreadOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { least: sorted[0], median: sorted[sorted.length >> 1], most: sorted.at(-1) };
}

/** @returns the widest spreads: the largest value over the smallest, of times and of shares */
function compare(model) {
  const runs = Array.from({ length: Number(values.runs) }, () => operatorsOf(model));
  console.log(
    `\n${model}, ${runs.length} runs: nanoseconds of a run of the model, and shares of it\n`,
  );
  console.log("| operator | least | median | most | most / least | of shares |");
  console.log("|---|---:|---:|---:|---:|---:|");
  const spreads = runs[0].map(({ name }, i) => {
    const times = spreadOf(runs.map((operators) => operators[i].hostMs * NANOSECONDS));
    const shares = spreadOf(runs.map((operators) => operators[i].hostShare));
    const ofTimes = times.most / times.least;
    const ofShares = shares.most / shares.least;
    const shown = [times.least, times.median, times.most].map((ns) => ns.toFixed(1));
    console.log(`| ${[name, ...shown, ofTimes.toFixed(3), ofShares.toFixed(3)].join(" | ")} |`);
    return { ofTimes, ofShares };
  });
  return spreads;
}

const all = models.flatMap(compare);
const widest = Math.max(...all.map(({ ofTimes }) => ofTimes));
const ofShares = Math.max(...all.map((spread) => spread.ofShares));
console.log(
  `\nwidest: ${widest.toFixed(3)}, wanted: at most ${MOST_SPREAD}; of shares: ${ofShares.toFixed(3)}`,
);
if (!(widest <= MOST_SPREAD)) exit(1);
