/**
 * Runs the cases that were asked for, or all: prints their tables and writes JSON, Markdown and SVG
 * to bench/results. Ends with 1 when a contender's result is wrong, whatever its time.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { integers } from "./cases/integers.js";
import { latency } from "./cases/latency.js";
import { layers } from "./cases/layers.js";
import { live } from "./cases/live.js";
import { mcu } from "./cases/mcu.js";
import { memory } from "./cases/memory.js";
import { roofline } from "./cases/roofline.js";
import { scaling } from "./cases/scaling.js";
import { startup } from "./cases/startup.js";
import { makeSetup, type Setup } from "./harness/setup.js";
import { renderCase, renderClaims } from "./report/markdown.js";
import type { CaseResult, Claim } from "./report/result.js";

const CASES: Readonly<Record<string, (setup: Setup) => Promise<CaseResult>>> = {
  latency,
  memory,
  startup,
  scaling,
  roofline,
  integers,
  layers,
  live,
  mcu,
};

const DEFAULT_ROUNDS = 60;
/** Digits of a measured number that mean something, and more. */
const JSON_DIGITS = 7;

function readArguments(): { names: string[]; rounds: number } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: "string", default: String(DEFAULT_ROUNDS) } },
  });
  const rounds = Number(values.rounds);
  const names = positionals.length > 0 ? positionals : Object.keys(CASES);
  if (!names.every((name) => name in CASES) || !(Number.isInteger(rounds) && rounds > 0)) {
    console.error(`usage: npm run bench -- [--rounds N] [${Object.keys(CASES).join("] [")}]`);
    process.exit(1);
  }
  return { names, rounds };
}

function writeResults(
  folder: string,
  name: string,
  page: string,
  json: object,
  result: CaseResult,
) {
  writeFileSync(join(folder, `${name}.md`), page);
  const round = (_: string, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(JSON_DIGITS)) : value;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(json, round, 1)}\n`);
  for (const { id, svg } of result.charts) writeFileSync(join(folder, `${name}-${id}.svg`), svg);
}

const { names, rounds } = readArguments();
const setup = makeSetup(rounds);
const folder = join(setup.root, "bench/results");
mkdirSync(folder, { recursive: true });
const claims: Claim[] = [];
for (const name of names) {
  const result = await CASES[name]!(setup);
  const page = renderCase(name, result, setup.machine);
  process.stdout.write(`${page}\n`);
  const { data } = result;
  writeResults(folder, name, page, { machine: setup.machine, claims: result.claims, data }, result);
  claims.push(...result.claims);
}
if (names.length > 1) {
  const page = renderClaims(claims);
  process.stdout.write(page);
  writeFileSync(join(folder, "claims.md"), page);
}
