/**
 * The bundled keyword spotter over streams that never end, made of all of the held-back clips: the figures of its card,
 * and what they must at least be.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasData } from "../../scripts/models/test-sets.mjs";
import { bundled, root } from "../cli/support.js";

const TIMEOUT_MS = 900_000;
const noData = hasData ? "" : " (skipped: no ../shared/data)";

interface Row {
  readonly name: string;
  readonly mode: string;
  readonly total: number;
  readonly hits: number;
  readonly wrong: number;
  readonly falseAlarms: number;
}

function figures(...more: string[]): string {
  const script = join(root, "scripts/models/stream_figures.mjs");
  return execFileSync(process.execPath, [script, ...more], { cwd: root, encoding: "utf8" });
}

describe.skipIf(noData !== "")(`kws over streams${noData}`, { timeout: TIMEOUT_MS }, () => {
  test("finds the words, and has the figures that its card says", () => {
    const { rows } = JSON.parse(figures("--json")) as { rows: Row[] };
    const rowOf = (name: string, mode: string) =>
      rows.find((row) => row.name === name && row.mode === mode)!;
    const running = rowOf("20 dB", "running");
    expect(running.total).toBe(1538);
    expect(running.hits / running.total).toBeGreaterThanOrEqual(0.9);
    expect(running.wrong / running.total).toBeLessThanOrEqual(0.05);
    const exact = rowOf("20 dB", "exact");
    expect(exact.hits / exact.total).toBeGreaterThanOrEqual(0.91);
    for (const mode of ["running", "exact"]) {
      expect(rowOf("noise alone", mode).falseAlarms, mode).toBe(0);
    }
    const card = readFileSync(bundled("kws", "MODEL_CARD.md"), "utf8");
    for (const { name, mode, hits, total, wrong } of rows) {
      const share = (count: number) =>
        total === 0 ? "-" : `${((100 * count) / total).toFixed(1)} %`;
      expect(card).toContain(`| ${name} | ${mode} | ${share(hits)} | ${share(wrong)} |`);
    }
  });
});
