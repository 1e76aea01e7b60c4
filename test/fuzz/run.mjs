/**
 * Runs the libFuzzer targets (clang) from the committed seeds for a while: fuzz_model with
 * AddressSanitizer and UBSan, fuzz_bits, which compares the core with SIMD and the one in plain C, and
 * fuzz_integers, which does so with integers among the floats, and with the sanitizers. What they find
 * is left in build/fuzz/findings; put it into the target's folder of regressions with its repair. The
 * seeds of fuzz_model are what make_seeds.c writes. A regression of the others is a network drawn from a
 * table of ops: when that grows, it is another network.
 *
 *   node test/fuzz/run.mjs [SECONDS]         of each target; default 20
 */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, missingFor, root } from "../native/build.mjs";

const DEFAULT_SECONDS = 20;
const findings = join(root, "build/fuzz/findings");
/** An input that takes 10 s is a finding. */
const limits = ["-timeout=10", "-rss_limit_mb=2048"];
const targets = [
  {
    name: "fuzz_model",
    variant: "fuzz",
    corpus: "build/fuzz/corpus",
    committed: ["test/fuzz/seeds", "test/fuzz/regressions"],
    /** Blobs of a few kilobytes reach all of the core. */
    options: ["-max_len=8192"],
  },
  {
    name: "fuzz_bits",
    variant: "fuzz-bits",
    corpus: "build/fuzz/corpus_bits",
    committed: ["test/fuzz/regressions_bits"],
    /** Long enough for the largest network, and at once: where bytes end, all is 0. */
    options: ["-max_len=256", "-len_control=0"],
  },
  {
    name: "fuzz_integers",
    variant: "fuzz",
    corpus: "build/fuzz/corpus_integers",
    committed: ["test/fuzz/seeds_integers"],
    options: ["-max_len=256", "-len_control=0"],
  },
];

/** @returns {Promise<{executions: number, failed: boolean, log: string}>} */
export async function fuzz(target, folder, seconds) {
  const wanted = [`-max_total_time=${seconds}`, `-artifact_prefix=${findings}/`];
  const folders = [target.corpus, ...target.committed].map((name) => join(root, name));
  for (const made of [findings, folders[0]]) mkdirSync(made, { recursive: true });
  const args = [...limits, ...target.options, ...wanted, "-print_final_stats=1", ...folders];
  const options = { cwd: findings, encoding: "utf8", maxBuffer: 1 << 28 };
  const { hasEndedWell, stderr } = await new Promise((resolve) => {
    execFile(join(folder, target.name), args, options, (error, _, log) =>
      resolve({ hasEndedWell: error === null, stderr: log }),
    );
  });
  const executions = Number(/number_of_executed_units:\s*(\d+)/.exec(stderr)?.[1] ?? 0);
  return { executions, failed: !hasEndedWell || executions === 0, log: stderr };
}

/** What makes each variant once, one after the other, whoever asks for it. */
function builder() {
  const made = new Map();
  let last = Promise.resolve();
  return (variant) => {
    if (!made.has(variant)) {
      last = last.then(() => build(variant));
      last.catch(() => {}); // thrown where it is awaited
      made.set(variant, last);
    }
    return made.get(variant);
  };
}

/** @returns {Promise<"passed" | "failed" | "skipped">} */
async function run(target, seconds, buildOf) {
  const missing = missingFor(target.variant);
  if (missing) {
    console.log(`${target.name}: skipped, ${missing} (scripts/setup.sh installs it)`);
    return "skipped";
  }
  return verdictOf(target, await buildOf(target.variant), seconds);
}

/** @returns {Promise<"passed" | "failed">} */
export async function verdictOf(target, folder, seconds) {
  const { executions, failed, log } = await fuzz(target, folder, seconds);
  if (failed) console.log(log.split("\n").slice(-60).join("\n"));
  const found = failed ? "a fault" : "no fault";
  console.log(`${target.name}: ${executions} executions in ${seconds} s, ${found}`);
  return failed ? "failed" : "passed";
}

async function main(args) {
  const seconds = Number(args[0] ?? DEFAULT_SECONDS);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const buildOf = builder();
  // All are asked for at once: the ones to come are built while the first one runs.
  for (const { variant } of targets) if (missingFor(variant) === null) buildOf(variant);
  for (const target of targets) counts[await run(target, seconds, buildOf)] += 1;
  const { passed, failed, skipped } = counts;
  console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
  if (failed > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
