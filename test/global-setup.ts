/**
 * Builds `dist/` once, so that tests that start the command line or pack the package do not; has each file of firmware
 * compiled once for all tests whose projects hold it, where there is ccache, and has Ninja build, where that is there,
 * which starts fewer processes than make.
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
  preferNinja();
  shareCompilations();
  return openShared();
}

/** What a README says to build with is CMake's own choice, which the variable is. */
function preferNinja(): void {
  if (spawnSync("ninja", ["--version"]).status !== 0) return;
  process.env.CMAKE_GENERATOR ??= "Ninja";
}

/** Projects are made in folders of the temporary one; CMake asks the variable what to start compilers with. */
function shareCompilations(): void {
  const { launcher, environment } = compilerCache(tmpdir());
  const [program] = launcher;
  if (program === undefined) return;
  Object.assign(process.env, { CMAKE_C_COMPILER_LAUNCHER: program, ...environment });
}
