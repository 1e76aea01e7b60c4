/**
 * What the steps of `npm test` print, as numbers of tests and names of what was skipped; and which skips are expected.
 * Knows nothing of how the steps are run.
 */
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What vitest leaves of a step. @param {string} step */
export function vitestReport(step) {
  return fileURLToPath(new URL(`../build/vitest-${step}.json`, import.meta.url));
}

/** @typedef {{passed: number, failed: number, skipped: string[]}} Counts */

// ---- counting -----------------------------------------------------------------------------------

/** A step that is one test. @returns {Counts} */
export function countOne({ status, output }) {
  const skipped = skippedLines(output);
  if (status !== 0) return { passed: 0, failed: 1, skipped };
  return { passed: skipped.length > 0 ? 0 : 1, failed: 0, skipped };
}

function skippedLines(output) {
  return output.match(/^.*\bskipped[,:] .+$/gm) ?? [];
}

/** Output whose last line is a summary. @returns {Counts} */
export function countSummary({ status, output }) {
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
export function countLint({ status, output }) {
  const passed = output.match(/^\S+: ok$/gm)?.length ?? 0;
  const failed = output.match(/^\S+: failed$/gm)?.length ?? 0;
  return {
    passed,
    failed: status !== 0 && failed === 0 ? 1 : failed,
    skipped: skippedLines(output),
  };
}

/** Of the report that vitest leaves of a step. @returns {Counts} */
export function countVitest({ status, name }) {
  const path = vitestReport(name);
  if (!existsSync(path)) return { passed: 0, failed: 1, skipped: [] };
  const report = JSON.parse(readFileSync(path, "utf8"));
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

// ---- skips --------------------------------------------------------------------------------------

const shared = (name) => fileURLToPath(new URL(`../../shared/${name}`, import.meta.url));
const isRoot = () => process.getuid?.() === 0;
const lacks = (name) => () => !existsSync(shared(name));
const WITHOUT_DATA = "other people's data and networks are no part of this repository";

/**
 * Every skip that does not fail a run: the whole name of its test, or where it ends in "*" the beginning, and when.
 * @type {readonly {name: string, when: () => boolean, because: string}[]}
 */
const EXPECTED_SKIPS = [
  { name: "mistakes of permission name the file", when: isRoot, because: "root reads every file" },
  {
    name: "a Cortex-M7 the table of costs says the same within 8 %",
    when: () => true,
    because: "after a change of the core the table waits for `npm run bench -- board-table`",
  },
  {
    name: "the page in Firefox (skipped: *",
    when: () => true,
    because: "the system has no package firefox-esr",
  },
  {
    name: "the tarball has nothing that publint and attw complain of",
    when: () => true,
    because: "the tools come from npm's registry, which could not be reached",
  },
  {
    name: "the packed package runs in *",
    when: () => true,
    because: "the runtime comes from npm's registry, which could not be reached",
  },
  ...["esbuild", "webpack"].map((bundler) => ({
    name: `the example page spots words when ${bundler} has built it*`,
    when: () => true,
    because: "the bundler comes from npm's registry, which could not be reached",
  })),
  ...[
    ["data/uci_har", "whole test sets *"],
    ["data/kws/test", "whole test sets *"],
    ["data/kws/test", "kws over streams *"],
    ["data/paper_kws10", "a dropped checkpoint is so, too, when it is the paper's *"],
    ["data/paper_kws10", "the paper's checkpoint is among the cases"],
    ["data/paper_kws10", "the KWS-10 checkpoint of the paper *"],
    ["data/paper_kws10", "the KWS-10 checkpoint of the paper, folded *"],
    [
      "data/paper_kws10",
      "README.md points to docs/results.md, with the figures of ../shared/data/paper_kws10",
    ],
    ["data/checkpoints/mambabeat", "MambaBEAT, as published *"],
    ["data/checkpoints/mambabeat", "a draft, with the edits that it needs MambaBEAT: *"],
    ["cases", "networks as people write them *"],
    ["cases", "a draft, with the edits that it needs *"],
    ["cases", "networks that are exported *"],
  ].map(([folder, name]) => ({ name, when: lacks(folder), because: WITHOUT_DATA })),
];

function isNamed(skipped, { name }) {
  return name.endsWith("*") ? skipped.startsWith(name.slice(0, -1)) : skipped === name;
}

/** Why this skip is none to worry about; undefined when it is one. */
export function reasonToSkip(skipped, expected = EXPECTED_SKIPS) {
  return expected.find((entry) => isNamed(skipped, entry) && entry.when())?.because;
}
