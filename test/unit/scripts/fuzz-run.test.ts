/** That the verdict on a fuzzer is the fuzzer's own, once it has ended: shown with programs that stand in for it. */
import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../cli/support.js";
import { fuzz, verdictOf } from "../../fuzz/run.mjs";

const inFolder = temporaryFolder();

function standIn(name: string, script: string) {
  const path = inFolder(name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const folder = path.slice(0, -basename(path).length);
  return { folder, target: { name, corpus: "build/fuzz/none", committed: [], options: [] } };
}

it.each([
  ["well", "sleep 0.2; echo stat::number_of_executed_units: 7 >&2", "passed", 7],
  ["found", "echo stat::number_of_executed_units: 7 >&2; exit 77", "failed", 7],
  ["idle", "exit 0", "failed", 0],
] as const)(
  "waits for it, and says what became of it: %s",
  async (name, script, verdict, executions) => {
    const { folder, target } = standIn(name, script);
    expect(await fuzz(target, folder, 1)).toMatchObject({ executions });
    expect(await verdictOf(target, folder, 1)).toBe(verdict);
  },
);
