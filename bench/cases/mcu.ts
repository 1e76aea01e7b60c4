/** Instructions on an emulated Cortex-M7: what bench/mcu.mjs measures, when it is there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Setup } from "../harness/setup.js";
import { mustRun } from "../harness/tools.js";
import type { CaseResult } from "../report/result.js";

/** The script prints a `CaseResult` as JSON. */
export async function mcu({ root }: Setup): Promise<CaseResult> {
  const script = join(root, "bench/mcu.mjs");
  if (existsSync(script)) {
    return JSON.parse(mustRun(process.execPath, [script, "--json"], root)) as CaseResult;
  }
  return {
    title: "Microcontroller",
    tables: [],
    charts: [],
    claims: [],
    skipped: ["instructions on the emulated Cortex-M7: bench/mcu.mjs is not here"],
    data: null,
  };
}
