/**
 * Runs the libFuzzer target (clang) from the committed seeds for a while, with AddressSanitizer and
 * UBSan, and then the readers (readers/run.mjs) for as long. What the former finds is left in
 * build/fuzz/findings; put it into test/fuzz/regressions with its repair. The seeds are what
 * make_seeds.c writes.
 *
 *   node test/fuzz/run.mjs [SECONDS]         of each; default 20
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, missingFor, root } from "../native/build.mjs";
import { fuzzReaders } from "./readers/run.mjs";

const DEFAULT_SECONDS = 20;
const corpus = join(root, "build/fuzz/corpus");
const findings = join(root, "build/fuzz/findings");
const committed = ["test/fuzz/seeds", "test/fuzz/regressions"].map((name) => join(root, name));
/** Blobs of a few kilobytes reach all of the core; an input that takes 10 s is a finding. */
const limits = ["-max_len=8192", "-timeout=10", "-rss_limit_mb=2048"];

/** @returns {{executions: number, failed: boolean, log: string}} */
function fuzz(folder, seconds) {
  const wanted = [`-max_total_time=${seconds}`, `-artifact_prefix=${findings}/`];
  const { status, stderr } = spawnSync(
    join(folder, "fuzz_model"),
    [...limits, ...wanted, "-print_final_stats=1", corpus, ...committed],
    { cwd: findings, encoding: "utf8", maxBuffer: 1 << 28 },
  );
  const executions = Number(/number_of_executed_units:\s*(\d+)/.exec(stderr)?.[1] ?? 0);
  return { executions, failed: status !== 0 || executions === 0, log: stderr };
}

/** @returns {Promise<{passed: number, failed: number, skipped: number}>} */
async function fuzzCore(seconds) {
  const missing = missingFor("fuzz");
  if (missing) {
    console.log(`fuzz: skipped, ${missing} (scripts/setup.sh installs it)`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const folder = await build("fuzz");
  mkdirSync(corpus, { recursive: true });
  mkdirSync(findings, { recursive: true });
  const { executions, failed, log } = fuzz(folder, seconds);
  if (failed) console.log(log.split("\n").slice(-60).join("\n"));
  console.log(`fuzz: ${executions} executions in ${seconds} s, ${failed ? "a fault" : "no fault"}`);
  return { passed: failed ? 0 : 1, failed: failed ? 1 : 0, skipped: 0 };
}

async function main(args) {
  const seconds = Number(args[0] ?? DEFAULT_SECONDS);
  const core = await fuzzCore(seconds);
  const readers = await fuzzReaders(seconds);
  const failed = core.failed + readers.failed;
  const skipped = core.skipped > 0 ? `, ${core.skipped} skipped` : "";
  console.log(`${core.passed + readers.passed} passed, ${failed} failed${skipped}`);
  if (failed > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
