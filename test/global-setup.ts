/**
 * Builds `dist/` once, so that tests that start the command line or pack the package do not; has each file of firmware
 * compiled once for all tests whose projects hold it, where there is ccache.
 */
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
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
  if (spawnSync("ccache", ["--version"]).status !== 0) return;
  Object.assign(process.env, {
    CMAKE_C_COMPILER_LAUNCHER: "ccache",
    CCACHE_DIR: fileURLToPath(new URL("../build/ccache", import.meta.url)),
    CCACHE_BASEDIR: tmpdir(),
    CCACHE_NOHASHDIR: "1",
    CCACHE_DEPEND: "1",
    CCACHE_MAXSIZE: "500M",
    // Headers were written a moment ago, in every project: they are told apart by what is in them.
    CCACHE_SLOPPINESS: "include_file_mtime,include_file_ctime",
  });
}
