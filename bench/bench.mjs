/**
 * `npm run bench`: the entry point in plain Node, because nothing may be built or installed yet.
 * Builds the package and the benchmark, installs what it compares with, and runs it.
 *
 *   npm run bench                       every case
 *   npm run bench -- latency            one case
 *   npm run bench -- latency --rounds 20 --no-install
 *   npm run bench -- board-table        a script beside this one, with its own options; nothing is installed
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process, { argv, env, execPath, platform } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../scripts/build.mjs";
import { findPython } from "../scripts/python.mjs";
import { compileBench } from "./compile.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const here = join(root, "bench");
const NO_INSTALL = "--no-install";
const SCRIPTS = ["board-table", "board-time", "board-doc", "operator-agreement"];

const [script, ...scriptArgs] = argv.slice(2);
if (SCRIPTS.includes(script))
  process.exit(run(execPath, [join(here, `${script}.mjs`), ...scriptArgs]));

ensureBuilt();
const mayInstall = !argv.includes(NO_INSTALL);
if (mayInstall && !existsSync(join(here, "node_modules"))) installPeers();
env.MAMBALITE_PYTHON = findPython() ?? (mayInstall ? installPython() : undefined) ?? "";
const args = argv.slice(2).filter((argument) => argument !== NO_INSTALL);
process.exitCode = compileBench()
  ? run(execPath, ["--enable-source-maps", join(root, "build/bench/bench/main.js"), ...args])
  : 1;

/** Without their install scripts, which would download what the CPU does not need. */
function installPeers() {
  process.stderr.write("bench: installing what is compared with, several hundred MB (npm ci)\n");
  const npmArgs = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const npm = env.npm_execpath;
  const status = npm?.endsWith(".js")
    ? run(execPath, [npm, ...npmArgs], here)
    : run("npm", npmArgs, here);
  if (status !== 0) process.stderr.write("bench: not installed; goes on without ONNX Runtime\n");
}

/** The same that `npm test` installs, and as there MAMBALITE_NO_SETUP=1 installs nothing. */
function installPython() {
  if (env.MAMBALITE_NO_SETUP) return undefined;
  const status = run("bash", [join(root, "scripts/setup.sh"), "python"], here);
  if (status !== 0) process.stderr.write("bench: no Python with its modules; goes on without\n");
  return findPython();
}

function run(command, commandArgs, cwd = root) {
  const isNpm = command === "npm";
  const { status } = spawnSync(command, commandArgs, {
    cwd,
    stdio: isNpm || cwd === here ? ["ignore", 2, 2] : "inherit",
    shell: isNpm && platform === "win32",
  });
  return status ?? 1;
}
