/**
 * Builds and runs the native tests with every compiler that is here: gcc and clang, SSE and plain C,
 * AddressSanitizer and UBSan; the fuzzer's seeds through both sanitizers; and checks that the core
 * needs nothing but memcpy, memmove and memset. Says what it skipped and why.
 *
 *   node test/native/run.mjs [VARIANT ...] [--exhaustive]
 *
 * --exhaustive tries all 2^32 floats in math_test (an hour). The last line is `N passed, N failed`
 * or `N passed, N failed, N skipped`.
 */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, compilerVersion, missingFor, root, tests, variants } from "./build.mjs";

/** The last one is the linker's own. */
const NAMES_THE_CORE_MAY_USE = new Set(["memcpy", "memmove", "memset", "_GLOBAL_OFFSET_TABLE_"]);
/** Units of 2^-149 by which any function is off for subnormal results; needs no mention. */
const SUBNORMAL_ROUNDING = 0.5;
/** What the fuzzers' targets once found, and where they begin. */
const replays = [
  { program: "fuzz_replay", folders: ["test/fuzz/seeds", "test/fuzz/regressions"] },
  { program: "fuzz_bits_replay", folders: ["test/fuzz/regressions_bits"] },
  { program: "fuzz_integers_replay", folders: ["test/fuzz/seeds_integers"] },
];

const counts = { passed: 0, failed: 0, skipped: 0 };

function report(ok, what, detail = "") {
  counts[ok ? "passed" : "failed"] += 1;
  console.log(`  ${ok ? "ok  " : "FAIL"} ${what}${detail ? `: ${detail}` : ""}`);
}

/** @returns {Promise<{status: number | null, how: string, stdout: string, stderr: string}>} */
function outcomeOf(path, args) {
  const options = {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    // A leak is a test's own, and fails it.
    env: { ...process.env, ASAN_OPTIONS: "detect_leaks=1:halt_on_error=1" },
  };
  return new Promise((resolve) => {
    execFile(path, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      const how = error?.signal ?? (status === null ? error.message : `exit status ${status}`);
      resolve({ status, how, stdout, stderr });
    });
  });
}

/** Runs one test program and takes its last line into the counts. Returns what it printed. */
async function runProgram(path, args) {
  const result = await outcomeOf(path, args);
  const summary = /^ ?(\d+) passed, (\d+) failed$/m.exec(result.stdout);
  const ended = result.status === 0 || (summary !== null && summary[2] !== "0");
  if (result.status !== 0) process.stdout.write(`${result.stdout}${tail(result.stderr)}`);
  if (summary === null || !ended) {
    report(false, path.slice(root.length), result.how);
  }
  if (summary !== null) {
    counts.passed += Number(summary[1]);
    counts.failed += Number(summary[2]);
  }
  return result.stdout;
}

function tail(text) {
  return text.split("\n").slice(-40).join("\n");
}

/** The core in one relocatable file: what it calls, and how many bytes of it can be written to. */
function checkSymbols(folder) {
  const core = join(folder, "core.o");
  const called = execFileSync("nm", ["-u", core], { encoding: "utf8" }).match(/\S+$/gm) ?? [];
  const foreign = called.filter((name) => !NAMES_THE_CORE_MAY_USE.has(name));
  report(foreign.length === 0, "core needs only memcpy, memmove, memset", foreign.join(" "));
  const sections = execFileSync("size", ["-A", core], { encoding: "utf8" });
  const writable = [...sections.matchAll(/^(\.data|\.bss|\.tdata|\.tbss|COMMON)\s+([1-9]\d*)/gm)];
  const sizes = writable.map(([, name, bytes]) => `${name} ${bytes}`).join(", ");
  report(writable.length === 0, "core has no writable globals", sizes);
}

/** The last comment before a function that speaks of ulp, as one line. */
function statedErrors(headers, name) {
  const at = headers.search(new RegExp(`\\b(v4|f32)_${name}\\(\\w+ x[,)]`));
  const comments = headers.slice(0, at).match(/\/\*[\s\S]*?\*\//g) ?? [];
  const last = comments.findLast((comment) => comment.includes(" ulp")) ?? "";
  return last.replace(/\s*\n \*\s*/g, " ");
}

/** The maxima that math_test asserts must be those that the functions' comments state. */
function checkStatedErrors() {
  const read = (path) => readFileSync(join(root, path), "utf8");
  const headers = read("csrc/math/math4.h") + read("csrc/math/f32.h");
  const row = /^ {4}\{"(\w+)", BOTH\(\w+\), \w+, [^,]+, [^,]+, ([\d.]+), ([\d.]+),$/gm;
  const tested = [...read("test/native/math_test.c").matchAll(row)];
  const unstated = tested.filter(([, name, ulp, units]) => {
    const stated = statedErrors(headers, name);
    const hasUnits = Number(units) <= SUBNORMAL_ROUNDING || stated.includes(`${units} unit`);
    return !stated.includes(`${ulp} ulp`) || !hasUnits;
  });
  const list = unstated.map(([, name, ulp, units]) => `${name} ${ulp} ulp, ${units} units`);
  const ok = tested.length > 0 && unstated.length === 0;
  report(ok, "the core's headers state the errors that are tested", list.join("; "));
}

/** The public header alone, as C++ sees it. */
function checkHeader() {
  const header = join(root, "csrc/include/mlm.h");
  const flags = ["-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
  const result = spawnSync("clang", [...flags, "-x", "c++", header], { encoding: "utf8" });
  report(result.status === 0, "mlm.h is C++ too", result.stderr.trim());
}

function fuzzInputs(folders) {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => !name.startsWith("."))
      .sort()
      .map((name) => join(root, folder, name)),
  );
}

/** Every variant must have made the same bits. */
function compareBits(bits) {
  if (bits.size < 2) return;
  const different = new Set(bits.values()).size > 1;
  const shown = [...bits].map(([name, value]) => `${name} ${value}`).join(", ");
  report(!different, `the same bits from ${[...bits.keys()].join(", ")}`, different ? shown : "");
}

/** Its folder, or why there is none. Never rejects: others may be running meanwhile. */
async function buildOf(name) {
  const missing = missingFor(name);
  if (missing) return { missing };
  try {
    return { folder: await build(name) };
  } catch (error) {
    return { problem: error.stderr ?? error.message };
  }
}

async function runVariant(name, { folder, missing, problem }, extra, bits) {
  if (missing !== undefined) {
    counts.skipped += 1;
    console.log(`${name}: skipped, ${missing} (scripts/setup.sh installs it)`);
    return;
  }
  if (problem !== undefined) {
    console.log(problem);
    report(false, `${name} builds`);
    return;
  }
  const started = Date.now();
  const before = { ...counts };
  for (const test of tests) {
    const output = await runProgram(join(folder, test), test === "math_test" ? extra : []);
    const made = /^bits ([0-9a-f]{16})$/m.exec(output);
    if (made) bits.set(name, made[1]);
  }
  if (!variants[name].replays) checkSymbols(folder);
  else
    for (const { program, folders } of replays)
      await runProgram(join(folder, program), fuzzInputs(folders));
  if (name === "clang") checkHeader();
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const passed = counts.passed - before.passed;
  const failed = counts.failed - before.failed;
  const version = compilerVersion(variants[name].compiler);
  console.log(`${name}: ${passed} passed, ${failed} failed, ${seconds} s (${version})`);
}

/** Runs one variant after the other, while the ones to come are built. @returns the counts of everything run */
export async function runNative(names = Object.keys(variants), extra = []) {
  const bits = new Map();
  checkStatedErrors();
  let lastBuild = Promise.resolve();
  const builds = names
    .filter((variant) => !variants[variant].fuzzer)
    .map((name) => {
      lastBuild = lastBuild.then(() => buildOf(name));
      return { name, built: lastBuild };
    });
  for (const { name, built } of builds) await runVariant(name, await built, extra, bits);
  compareBits(bits);
  return counts;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2).filter((argument) => argument in variants);
  const extra = process.argv.includes("--exhaustive") ? ["--exhaustive"] : [];
  const { passed, failed, skipped } = await runNative(names.length > 0 ? names : undefined, extra);
  console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
  if (failed > 0) process.exitCode = 1;
}
