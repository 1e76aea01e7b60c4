/**
 * Reads damaged files for a while with every reader beside this file, each input under 1 MB within 5 s
 * and 256 MiB, and nothing thrown but this package's errors. What it finds is left in
 * build/fuzz/readers/findings; the same seed gives the same inputs.
 *
 *   node test/fuzz/readers/run.mjs [SECONDS] [NAME...] [--seed N]     default: 20 s, every reader
 *   node test/fuzz/readers/run.mjs --replay NAME FILE
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { installIfMissing } from "../../../scripts/build.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const build = join(root, "build/fuzz/readers");
const findings = join(build, "findings");
const child = join(build, "js/test/fuzz/readers/child.js");

const DEFAULT_SECONDS = 20;
/** No reader is given less: starting a process takes some of it. */
const LEAST_SECONDS = 1;
/** More of one kind tell nothing new. */
const MAX_FINDINGS = 5;
const POLL_MS = 250;
/** By the clock, and other work may share the machine: the bound itself is of processor time. */
const HANG_MS = 20_000;
/** What JavaScript may hold; buffers are outside of it, and measured. */
const FLAGS = ["--expose-gc", "--max-old-space-size=272", "--max-semi-space-size=8"];

/**
 * Runs a child until it ends or no longer gets on.
 * @returns {Promise<{report?: object, death?: string}>} what it said last, or what it died of
 */
function runChild(args, progress = () => 0) {
  return new Promise((resolve) => {
    const started = spawn(execPath, [...FLAGS, child, ...args], {
      cwd: root,
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    let report;
    let hung = false;
    let errors = "";
    let [last, since] = [progress(), Date.now()];
    started.stderr.setEncoding("utf8").on("data", (text) => {
      errors = (errors + text).slice(-2000);
    });
    started.on("message", (message) => {
      report = message;
    });
    const timer = setInterval(() => {
      const now = progress();
      if (now !== last) [last, since] = [now, Date.now()];
      hung = Date.now() - since > HANG_MS;
      if (hung) started.kill("SIGKILL");
    }, POLL_MS);
    started.on("close", (status, signal) => {
      clearInterval(timer);
      if (report !== undefined) resolve({ report });
      else if (hung) resolve({ death: `still busy after ${HANG_MS / 1000} s` });
      else if (status === 0) resolve({});
      else resolve({ death: `the process ended with ${signal ?? status}: ${errors.trim()}` });
    });
  });
}

/** The number of the input that is being read; NaN before the first. */
function indexIn(state) {
  try {
    const bytes = readFileSync(state);
    return bytes.length < 8 ? Number.NaN : bytes.readDoubleLE(0);
  } catch {
    return Number.NaN;
  }
}

/** Reads one file alone. @returns {Promise<string | undefined>} what is wrong with it */
async function problemWith(name, file) {
  const { report, death } = await runChild(["try", name, file]);
  return death ?? report?.problem;
}

/** @returns {Promise<{inputs: number, problems: string[]}>} */
async function fuzzReader(name, seed, seconds) {
  const state = join(build, `state-${name}`);
  const end = Date.now() + 1000 * seconds;
  const problems = [];
  let first = 0;
  while (Date.now() < end && problems.length < MAX_FINDINGS) {
    const left = (end - Date.now()) / 1000;
    const args = ["fuzz", name, `${seed}`, `${first}`, `${left}`, state];
    const { report, death } = await runChild(args, () => indexIn(state));
    if (report?.done !== undefined) {
      first += report.done;
      break;
    }
    const index = report?.index ?? indexIn(state);
    if (Number.isNaN(index)) throw new Error(`${name}: no input was read: ${death}`);
    const problem = await confirm(name, seed, index);
    if (problem !== undefined) problems.push(problem);
    first = index + 1;
  }
  return { inputs: first, problems };
}

/** The memory of many inputs adds up, and a machine may be slow: an input is at fault if it is alone. */
async function confirm(name, seed, index) {
  const file = join(findings, `${name}-${seed}-${index}.bin`);
  const { death } = await runChild(["make", name, `${seed}`, `${index}`, file]);
  if (death !== undefined) return `${name}, seed ${seed}: input ${index} cannot be made: ${death}`;
  const problem = await problemWith(name, file);
  if (problem === undefined) return undefined;
  return (
    `${name}, seed ${seed}, input ${index}: ${problem}\n` +
    `  replay: node test/fuzz/readers/run.mjs --replay ${name} ${file}`
  );
}

function compile() {
  installIfMissing();
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const project = join(root, "test/fuzz/readers/tsconfig.json");
  const { status } = spawnSync(execPath, [compiler, "-p", project], { stdio: "inherit" });
  mkdirSync(findings, { recursive: true });
  return status === 0;
}

async function replay([name, file]) {
  const { report, death } = await runChild(["try", name, file]);
  const problem = death ?? report.problem;
  if (report) console.log(`${report.ms.toFixed(0)} ms, ${(report.bytes / 2 ** 20).toFixed(1)} MiB`);
  console.log(problem ?? "nothing wrong");
  if (problem) process.exitCode = 1;
}

/** @returns {Promise<{passed: number, failed: number}>} one test a reader */
export async function fuzzReaders(seconds = DEFAULT_SECONDS, wanted = [], seed = 1) {
  if (!compile()) return { passed: 0, failed: 1 };
  const { report, death } = await runChild(["list"]);
  if (report === undefined) throw new Error(`the readers could not be loaded: ${death}`);
  const unknown = wanted.filter((name) => !report.targets.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `no reader is called ${unknown.join(", ")}; there are ${report.targets.join(", ")}`,
    );
  }
  const names = wanted.length > 0 ? wanted : report.targets;
  const share = Math.max(LEAST_SECONDS, seconds / names.length);
  let failed = 0;
  for (const name of names) {
    const { inputs, problems } = await fuzzReader(name, seed, share);
    for (const problem of problems) console.log(problem);
    if (problems.length > 0) failed++;
    const result = problems.length > 0 ? "a fault" : "no fault";
    console.log(`readers: ${name}: ${inputs} inputs in ${share.toFixed(1)} s, ${result}`);
  }
  return { passed: names.length - failed, failed };
}

async function main(args) {
  if (args[0] === "--replay") {
    if (compile()) await replay(args.slice(1));
    return;
  }
  const at = args.indexOf("--seed");
  const [, seed] = at < 0 ? [] : args.splice(at, 2);
  const seconds = Number(/^[0-9]/.test(args[0] ?? "") ? args.shift() : DEFAULT_SECONDS);
  const { passed, failed } = await fuzzReaders(seconds, args, Number(seed ?? 1));
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
