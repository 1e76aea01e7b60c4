/**
 * Builds `dist/` once, so that tests that start the command line or pack the package do not; has each file of firmware
 * compiled once for all tests whose projects hold it, where there is ccache.
 */
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { compilerCache } from "../scripts/compiler-cache.mjs";
import { openShared } from "./shared.js";

export default function setup(): (() => void) | undefined {
  const build = fileURLToPath(new URL("../scripts/build.mjs", import.meta.url));
  const { status } = spawnSync(process.execPath, [build], { stdio: "inherit" });
  if (status !== 0) throw new Error("scripts/build.mjs failed");
  shareCompilations();
  return openShared();
}

/** Projects are made in folders of the temporary one; CMake asks the variable what to start compilers with. */
function shareCompilations(): void {
  const { launcher, environment } = compilerCache(tmpdir());
  const [program] = launcher;
  if (program === undefined) return;
  Object.assign(process.env, { CMAKE_C_COMPILER_LAUNCHER: program, ...environment });
}
