/** What the native program mlm_run prints for a model and its inputs, and what it should: WebAssembly's bits. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { joinedData } from "../../ts/core/outputs.js";
import { sessionOptions } from "../../ts/core/settings.js";
import type { Engine, Outputs } from "../../ts/node.js";

export const NATIVE_VARIANTS = ["gcc", "gcc-scalar", "clang", "clang-scalar"];
/** Schedules, and the tile of those that have one. */
export const WAYS = [
  ["stream", 1],
  ["stream", 5],
  ["layer", 0],
  ["unfused", 0],
] as const;

/** As mlm_run prints them: vectors, then sequences. */
export function flattened(outputs: Outputs): Float32Array {
  return joinedData([
    ...outputs.filter(({ shape }) => shape.length === 1),
    ...outputs.filter(({ shape }) => shape.length > 1),
  ]);
}

/** One line an input, 8 lower-case hex digits an element. NaN has no bits worth comparing. */
export function bitLines(rows: readonly Float32Array[]): string[] {
  return rows.map((row) =>
    [...new Uint32Array(row.buffer, row.byteOffset, row.length)]
      .map((bits) => bits.toString(16).padStart(8, "0"))
      .join(" "),
  );
}

/** What mlm_run prints first: the planned arena. */
export async function planWasm(
  engine: Engine,
  blob: Uint8Array,
  frames: number,
): Promise<string[]> {
  const model = await engine.loadModel(blob);
  const plans = WAYS.map(([schedule, tile]) =>
    model.plan(sessionOptions({ schedule, ...(schedule === "stream" && { tile }) }, frames)),
  );
  model.dispose();
  return plans.map(({ arenaBytes }) => `arena ${arenaBytes}`);
}

/** The lines that mlm_run prints. @param count frames, tokens or samples of an input */
export function printedLines(
  folder: string,
  [blobFile, inputFile]: readonly [string, string],
  count: number,
  [schedule, tile]: (typeof WAYS)[number],
): string[] {
  const args = [blobFile, inputFile, String(count), schedule, String(tile)];
  const printed = execFileSync(join(folder, "mlm_run"), args, { encoding: "utf8" });
  return printed.trimEnd().split("\n");
}
