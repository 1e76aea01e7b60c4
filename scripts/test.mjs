/**
 * `npm test`: everything this project claims, in one command, also as the first one after a clone.
 * Installs what it needs (npm ci, scripts/setup.sh) where it may, runs what can run, and lists what
 * it skipped and how to get it. Plain Node, because nothing is installed yet. Ends with one line
 * `N passed, N failed` or `N passed, N failed, N skipped`, and with status 1 when anything failed.
 *
 *   npm test                     all of it
 *   npm test -- native fuzz      these steps only
 *
 * MAMBALITE_NO_SETUP=1 installs no system packages.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process, { argv, env, execPath, platform, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { findPython, HOW_TO_GET_PYTHON, PYTHON_MODULES } from "./python.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const vitestReport = join(root, "build/vitest.json");
const FUZZ_SECONDS = 20;
/** What the PyTorch reference imports. */
const REFERENCE_MODULES = ["numpy", "torch"];

/** What the system's package manager is asked for; scripts/setup.sh knows the packages. */
const TOOLS = [
  ...["gcc", "nm", "clang", "clang-format", "emcc", "chromium", "make", "cmake"],
  ...["arm-none-eabi-gcc", "riscv64-unknown-elf-gcc", "xtensa-lx106-elf-gcc"],
  ...["qemu-system-arm", "qemu-system-riscv32", "qemu-system-xtensa"],
];

/** @typedef {{passed: number, failed: number, skipped: string[]}} Counts */

const steps = [
  { name: "build", run: () => node(["scripts/build.mjs"]) },
  { name: "lint", run: () => node(["scripts/lint.mjs"]), count: countLint },
  { name: "wasm", run: buildWasm },
  { name: "native", run: () => node(["test/native/run.mjs"]), count: countSummary },
  { name: "fuzz", run: () => node(["test/fuzz/run.mjs", `${FUZZ_SECONDS}`]), count: countSummary },
  { name: "vitest", run: vitest, count: countVitest },
  { name: "golden", run: checkGolden },
];

// ---- running ------------------------------------------------------------------------------------

/** Runs a command, shows what it prints, and keeps it. A missing command gives status 127. */
function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...env, NO_COLOR: "1", FORCE_COLOR: undefined },
      ...options,
    });
    let output = "";
    const keep = (chunk) => {
      output += chunk;
      stdout.write(chunk);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("error", (error) => resolve({ status: 127, output: `${output}${error.message}\n` }));
    child.on("close", (status) => resolve({ status: status ?? 1, output }));
  });
}

function node(args) {
  return run(execPath, args);
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
  const { status } = await run("bash", ["scripts/setup.sh"]);
  if (status !== 0) console.log("not everything could be installed; what needs it is skipped");
}

// ---- the steps that are more than one command ---------------------------------------------------

const HOW_TO_GET_TOOLS = "sudo scripts/setup.sh installs it";

function skip(reason) {
  console.log(`skipped: ${reason}`);
  return { status: 0, output: `skipped: ${reason}\n` };
}

function buildWasm() {
  if (!has("emcc")) return skip(`Emscripten is not installed (${HOW_TO_GET_TOOLS})`);
  return node(["scripts/build-wasm.mjs", "--check"]);
}

function vitest() {
  mkdirSync(join(root, "build"), { recursive: true });
  rmSync(vitestReport, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${vitestReport}`];
  return node(["node_modules/vitest/vitest.mjs", "run", ...reporters]);
}

function checkGolden() {
  const python = findPython(REFERENCE_MODULES);
  if (python === undefined) return skip(`no Python with its modules (${HOW_TO_GET_PYTHON})`);
  return run(python, ["scripts/golden/make_golden.py", "--check"]);
}

// ---- counting -----------------------------------------------------------------------------------

/** A step that is one test. @returns {Counts} */
function countOne({ status, output }) {
  const skipped = skippedLines(output);
  if (status !== 0) return { passed: 0, failed: 1, skipped };
  return { passed: skipped.length > 0 ? 0 : 1, failed: 0, skipped };
}

function skippedLines(output) {
  return output.match(/^.*\bskipped[,:] .+$/gm) ?? [];
}

/** Output whose last line is a summary. @returns {Counts} */
function countSummary({ status, output }) {
  const summary = /^(\d+) passed, (\d+) failed(?:, \d+ skipped)?\s*$/m.exec(lastLine(output));
  if (summary === null) return { passed: 0, failed: 1, skipped: [] };
  const failed = Number(summary[2]);
  return {
    passed: Number(summary[1]),
    failed: status !== 0 && failed === 0 ? 1 : failed,
    skipped: skippedLines(output),
  };
}

function lastLine(output) {
  return output.trimEnd().split("\n").at(-1);
}

/** Lines `tool: ok`, `tool: failed`, `tool: skipped, reason`. @returns {Counts} */
function countLint({ status, output }) {
  const passed = output.match(/^\S+: ok$/gm)?.length ?? 0;
  const failed = output.match(/^\S+: failed$/gm)?.length ?? 0;
  return {
    passed,
    failed: status !== 0 && failed === 0 ? 1 : failed,
    skipped: skippedLines(output),
  };
}

/** @returns {Counts} */
function countVitest({ status }) {
  if (!existsSync(vitestReport)) return { passed: 0, failed: 1, skipped: [] };
  const report = JSON.parse(readFileSync(vitestReport, "utf8"));
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const failed = report.numFailedTests;
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((t) => t.status !== "failed"),
  );
  const all = failed + brokenFiles.length;
  return {
    passed: report.numPassedTests,
    failed: status !== 0 && all === 0 ? 1 : all,
    skipped: tests
      .filter(({ status: result }) => result === "skipped" || result === "pending")
      .map(({ fullName }) => fullName),
  };
}

// ---- reporting ----------------------------------------------------------------------------------

function heading(text) {
  console.log(`\n==== ${text}`);
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

function listSkipped(results) {
  const all = results.flatMap(({ name, skipped }) => skipped.map((what) => `${name}: ${what}`));
  if (all.length === 0) return;
  heading("skipped");
  const SHOWN = 40;
  for (const line of all.slice(0, SHOWN)) console.log(`  ${line}`);
  if (all.length > SHOWN) console.log(`  and ${all.length - SHOWN} more`);
}

function total(results, key) {
  return results.reduce((sum, { [key]: value }) => sum + (value.length ?? value), 0);
}

function finish(results) {
  listSkipped(results);
  heading("summary");
  for (const { name, passed, failed, skipped, time } of results) {
    const parts = [`${passed} passed`, `${failed} failed`];
    if (skipped.length > 0) parts.push(`${skipped.length} skipped`);
    console.log(`  ${failed > 0 ? "FAIL" : "ok  "} ${name.padEnd(8)} ${time}: ${parts.join(", ")}`);
  }
  const skipped = total(results, "skipped");
  const failed = total(results, "failed");
  const tail = skipped > 0 ? `, ${skipped} skipped` : "";
  console.log(`\n${total(results, "passed")} passed, ${failed} failed${tail}`);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function main(names) {
  const unknown = names.filter((name) => steps.every((step) => step.name !== name));
  if (unknown.length > 0) {
    console.error(
      `no such step: ${unknown.join(", ")}; there are ${steps.map((s) => s.name).join(", ")}`,
    );
    process.exitCode = 2;
    return;
  }
  const results = [];
  const began = Date.now();
  const installed = await installDependencies();
  if (installed.status !== 0) {
    results.push({ name: "npm ci", passed: 0, failed: 1, skipped: [], time: seconds(began) });
    finish(results);
    return;
  }
  await installTools();
  for (const step of steps) {
    if (names.length > 0 && !names.includes(step.name)) continue;
    heading(step.name);
    const started = Date.now();
    const outcome = await step.run();
    const counts = (step.count ?? countOne)(outcome);
    results.push({ name: step.name, ...counts, time: seconds(started) });
  }
  console.log(`\nall steps took ${seconds(began)}`);
  finish(results);
}

await main(argv.slice(2));
