/**
 * ccache, where it is installed, for tests that compile the same files of the core again and again. Its folder is the
 * user's own, as every build with it uses: a second run, also of another clone, compiles what has changed.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ANY_SOURCE = fileURLToPath(new URL("../csrc/core/plan.c", import.meta.url));
const PATIENCE_MS = 20_000;

/**
 * Whether it is there and has a folder that it can write to: where it has none, it fails each compilation, but not
 * `--version`. Here the program `true` is the compiler.
 */
function isUsable() {
  const compilation = ["true", "-c", ANY_SOURCE];
  return spawnSync("ccache", compilation, { stdio: "ignore", timeout: PATIENCE_MS }).status === 0;
}

/**
 * What to put before a compiler's name, and the variables it wants.
 *
 * @param {string} base folder of all sources and outputs: one result serves wherever it lies
 * @returns {{ launcher: string[], environment: Record<string, string> }}
 */
export function compilerCache(base) {
  if (!isUsable()) return { launcher: [], environment: {} };
  const environment = {
    CCACHE_BASEDIR: base,
    CCACHE_NOHASHDIR: "1",
    // Dependencies are taken from the compiler (-MD): nothing is preprocessed for the cache's sake.
    CCACHE_DEPEND: "1",
    // Headers may have been written a moment ago: they are told apart by what is in them.
    CCACHE_SLOPPINESS: "include_file_mtime,include_file_ctime",
  };
  return { launcher: ["ccache"], environment };
}

/** What the cache needs to know what a file was made of. */
export const DEPENDENCIES = "-MD";
