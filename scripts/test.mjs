/**
 * `npm test`: everything this project claims, in one command, also as the first one after a clone.
 * Installs what it needs (npm ci, scripts/setup.sh) where it may, runs what can run, and lists what it skipped and how
 * to get it: a skip that scripts/test-results.mjs does not name fails the run. Plain Node, because nothing is installed
 * yet. Ends with one line `N passed, N failed` or `N passed, N failed, N skipped`, and with status 1 when anything failed.
 *
 *   npm test                     all of it
 *   npm test -- native fuzz      these steps only
 *   npm run check                build, lint and unit tests
 *   npm test -- --allow-skips    skips fail nothing
 *
 * MAMBALITE_NO_SETUP=1 installs no system packages.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import process, { argv, env, execPath, platform, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { findPython, HOW_TO_GET_PYTHON, PYTHON_MODULES } from "./python.mjs";
import {
  countLint,
  countOne,
  countSummary,
  countVitest,
  reasonToSkip,
  vitestReport,
} from "./test-results.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const FUZZ_SECONDS = 20;
/** What the PyTorch reference imports. */
const REFERENCE_MODULES = ["numpy", "torch"];

/** What the system's package manager is asked for; scripts/setup.sh knows the packages. */
const TOOLS = [
  ...[
    "gcc",
    "nm",
    "clang",
    "clang-format",
    "emcc",
    "chromium",
    "firefox-esr",
    "redis-server",
    "make",
    "cmake",
  ],
  ...["arm-none-eabi-gcc", "riscv64-unknown-elf-gcc", "xtensa-lx106-elf-gcc"],
  ...["qemu-system-arm", "qemu-system-riscv32", "qemu-system-xtensa"],
];

/** The C formatter is the only tool among them, and said to be skipped. */
const NEED_NO_TOOLS = ["build", "lint", "unit"];
const ALLOW_SKIPS = "--allow-skips";
/** Of what runs beside a browser: the browser's clock is a person's. */
const BESIDE_PRIORITY = 10;
const LANES = ["browser", "vitest", "core"];

/**
 * The steps of a lane run one after the other, and the lanes at the same time: browsers wait more than they compute. Those
 * marked `first` run before all lanes, and those marked `last` behind them, with the machine to themselves. What a step
 * marked `quiet` prints is shown when it is done. Those marked `onlyByName` are parts of others.
 */
const steps = [
  { name: "build", first: true, run: () => node(["scripts/build.mjs"]) },
  { name: "lint", first: true, run: () => node(["scripts/lint.mjs"]), count: countLint },
  { name: "browser", lane: "browser", run: vitest(["--project=browser"]), count: countVitest },
  {
    name: "vitest",
    lane: "vitest",
    run: vitest(["--project=unit", "--project=together"]),
    count: countVitest,
  },
  { name: "wasm", lane: "core", quiet: true, run: buildWasm },
  { name: "runners", lane: "core", quiet: true, run: buildRunners },
  {
    name: "native",
    lane: "core",
    quiet: true,
    run: (options) => node(["test/native/run.mjs"], options),
    count: countSummary,
  },
  { name: "fuzz", lane: "core", quiet: true, run: fuzz, count: countSummary },
  { name: "golden", lane: "core", quiet: true, run: checkGolden },
  { name: "alone", last: true, run: vitest(["--project=alone"]), count: countVitest },
  { name: "unit", last: true, onlyByName: true, run: vitest(unitTests()), count: countVitest },
];
/** Without those of scripts/torch, which are in Python and take longer than all others. */
function unitTests() {
  const folders = readdirSync(join(root, "test/unit")).filter((name) => name !== "scripts");
  return folders.map((name) => `test/unit/${name}`);
}

// ---- running ------------------------------------------------------------------------------------

/**
 * Runs a command and keeps what it prints; shows it as it comes, unless it is to be quiet. A missing command gives status
 * 127.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{beside?: boolean, quiet?: boolean, shell?: boolean}} [options] `beside`: a browser goes before it
 * @returns {Promise<{status: number, output: string}>}
 */
function run(command, args, { beside = false, quiet = false, shell = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...env, NO_COLOR: "1", FORCE_COLOR: undefined },
      shell,
    });
    if (beside && child.pid !== undefined) setPriority(child.pid, BESIDE_PRIORITY);
    let output = "";
    const keep = (chunk) => {
      output += chunk;
      if (!quiet) stdout.write(chunk);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("error", (error) => resolve({ status: 127, output: `${output}${error.message}\n` }));
    child.on("close", (status) => resolve({ status: status ?? 1, output }));
  });
}

function node(args, options) {
  return run(execPath, args, options);
}

function npm(args) {
  // Under npm its own path is known, which also works where npm is a shell script.
  const path = env.npm_execpath;
  if (path?.endsWith(".js")) return node([path, ...args]);
  return run("npm", args, { shell: platform === "win32" });
}

function has(command, args = ["--version"]) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

// ---- before the steps ---------------------------------------------------------------------------

/** Whether node_modules holds what package-lock.json says, by its own record of what was installed. */
function dependenciesAreCurrent() {
  const record = join(root, "node_modules/.package-lock.json");
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(record, "utf8")).packages;
  return Object.entries(wanted).every(([path, { version, optional, peer }]) => {
    if (path === "") return true;
    const found = installed[path];
    return found === undefined ? optional === true || peer === true : found.version === version;
  });
}

async function installDependencies() {
  if (dependenciesAreCurrent()) return { status: 0 };
  heading("npm ci");
  return npm(["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"]);
}

async function installTools() {
  const missing = TOOLS.filter((tool) => !has(tool));
  if (findPython() === undefined) missing.push(`python3 with ${PYTHON_MODULES.join(", ")}`);
  if (missing.length === 0) return;
  heading(`missing: ${missing.join(", ")}`);
  if (env.MAMBALITE_NO_SETUP) {
    console.log("MAMBALITE_NO_SETUP is set: not installed; what needs them is skipped");
    return;
  }
  console.log(
    "scripts/setup.sh now installs system packages that have them, through apt, as root;",
  );
  console.log("MAMBALITE_NO_SETUP=1 npm test leaves the system as it is");
  const { status } = await run("bash", ["scripts/setup.sh"]);
  if (status !== 0) console.log("not everything could be installed; what needs it is skipped");
}

// ---- the steps that are more than one command ---------------------------------------------------

const HOW_TO_GET_TOOLS = "sudo scripts/setup.sh installs it";

function skip(reason) {
  return { status: 0, output: `skipped: ${reason}\n` };
}

function buildWasm(options) {
  if (!has("emcc")) return skip(`Emscripten is not installed (${HOW_TO_GET_TOOLS})`);
  return node(["scripts/build-wasm.mjs", "--check"], options);
}

function buildRunners(options) {
  if (!has("arm-none-eabi-gcc")) return skip(`no arm-none-eabi-gcc (${HOW_TO_GET_TOOLS})`);
  return node(["scripts/runners.mjs", "--check"], options);
}

function fuzz(options) {
  return node(["test/fuzz/run.mjs", `${FUZZ_SECONDS}`], options);
}

function vitest(only) {
  return (options) => {
    const report = vitestReport(options.name);
    mkdirSync(join(root, "build"), { recursive: true });
    rmSync(report, { force: true });
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    return node(["node_modules/vitest/vitest.mjs", "run", ...only, ...reporters], options);
  };
}

function checkGolden(options) {
  const python = findPython(REFERENCE_MODULES);
  if (python === undefined) return skip(`no Python with its modules (${HOW_TO_GET_PYTHON})`);
  return run(python, ["scripts/golden/make_golden.py", "--check"], options);
}

// ---- reporting ----------------------------------------------------------------------------------

function heading(text) {
  console.log(`\n==== ${text}`);
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

const SHOWN = 40;

function list(title, lines) {
  if (lines.length === 0) return;
  heading(title);
  for (const line of lines.slice(0, SHOWN)) console.log(`  ${line}`);
  if (lines.length > SHOWN) console.log(`  and ${lines.length - SHOWN} more`);
}

/** Lists what was skipped. @returns how many of these skips are failures */
function judgeSkips(results, areAllowed) {
  const all = results.flatMap(({ name, skipped }) =>
    skipped.map((what) => ({ line: `${name}: ${what}`, because: reasonToSkip(what) })),
  );
  const expected = all.filter(({ because }) => because !== undefined);
  const others = all.filter(({ because }) => because === undefined);
  list(
    "skipped, as expected",
    expected.map(({ line, because }) => `${line} (${because})`),
  );
  const title = `skipped, and nobody said that it may be (${ALLOW_SKIPS} does)`;
  list(
    areAllowed ? "skipped" : title,
    others.map(({ line }) => line),
  );
  return areAllowed ? 0 : others.length;
}

function total(results, key) {
  return results.reduce((sum, result) => sum + (result[key].length ?? result[key]), 0);
}

function finish(results, notRun, areSkipsAllowed) {
  const unexpected = judgeSkips(results, areSkipsAllowed);
  heading("summary");
  for (const { name, passed, failed, skipped, time } of results) {
    const parts = [`${passed} passed`, `${failed} failed`];
    if (skipped.length > 0) parts.push(`${skipped.length} skipped`);
    console.log(`  ${failed > 0 ? "FAIL" : "ok  "} ${name.padEnd(8)} ${time}: ${parts.join(", ")}`);
  }
  if (notRun.length > 0) console.log(`  not run: ${notRun.join(", ")}`);
  const skipped = total(results, "skipped");
  const failed = total(results, "failed") + unexpected;
  const tail = skipped > 0 ? `, ${skipped} skipped` : "";
  console.log(`\n${total(results, "passed")} passed, ${failed} failed${tail}`);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function runStep({ name, run: start, count = countOne, quiet = false }, beside) {
  if (!quiet) heading(name);
  const started = Date.now();
  const outcome = await start({ name, beside, quiet });
  const result = { name, ...count({ ...outcome, name }), time: seconds(started) };
  if (quiet) {
    heading(name);
    stdout.write(outcome.output);
  }
  return result;
}

async function runInTurn(chosen, beside = false) {
  const results = [];
  for (const step of chosen) results.push(await runStep(step, beside));
  return results;
}

async function runSteps(chosen) {
  const inLane = (name) => chosen.filter(({ lane }) => lane === name);
  const hasBrowser = inLane("browser").length > 0;
  const first = await runInTurn(chosen.filter((step) => step.first));
  const lanes = await Promise.all(
    LANES.map((lane) => runInTurn(inLane(lane), hasBrowser && lane !== "browser")),
  );
  const last = await runInTurn(chosen.filter((step) => step.last));
  return [...first, ...lanes.flat(), ...last];
}

async function main(args) {
  const names = args.filter((name) => name !== ALLOW_SKIPS);
  const unknown = names.filter((name) => steps.every((step) => step.name !== name));
  if (unknown.length > 0) {
    console.error(
      `no such step: ${unknown.join(", ")}; there are ${steps.map((s) => s.name).join(", ")}`,
    );
    process.exitCode = 2;
    return;
  }
  const areSkipsAllowed = args.includes(ALLOW_SKIPS);
  /** @param {{ name: string, onlyByName?: boolean }} step */
  const isChosen = ({ name, onlyByName }) =>
    names.length > 0 ? names.includes(name) : onlyByName !== true;
  const chosen = steps.filter(isChosen);
  const began = Date.now();
  const installed = await installDependencies();
  if (installed.status !== 0) {
    const none = { name: "npm ci", passed: 0, failed: 1, skipped: [], time: seconds(began) };
    finish(
      [none],
      chosen.map(({ name }) => name),
      areSkipsAllowed,
    );
    return;
  }
  if (chosen.some(({ name }) => !NEED_NO_TOOLS.includes(name))) await installTools();
  const results = await runSteps(chosen);
  console.log(`\nall steps took ${seconds(began)}`);
  const notRun = steps.filter((step) => !step.onlyByName && !chosen.includes(step));
  finish(
    results,
    notRun.map(({ name }) => name),
    areSkipsAllowed,
  );
}

await main(argv.slice(2));
