/** What results are results of: the package, and the cores that were built. Knows nothing of sweeps. */
import { readFileSync } from "node:fs";
import { packagedCore } from "../core/wasm.js";
import { sha256Of } from "./contents.js";

const SHOWN_DIGITS = 8;

/** "0.1.0+3f2a81c0": the same wherever results are the same. */
export function sweepVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const cores = [false, true].map((simd) => readFileSync(packagedCore(simd)));
  return `${version}+${sha256Of(Buffer.concat(cores)).slice(0, SHOWN_DIGITS)}`;
}
