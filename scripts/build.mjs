/**
 * Makes `dist/` from `ts/`, the libraries of the command line and the exporter of scripts/torch, and first installs what
 * that needs if it is missing: plain Node, so that it can be the first thing that runs in a fresh checkout. What it says goes to standard error.
 * Knows nothing of the C core, whose WebAssembly files are committed.
 *
 *   node scripts/build.mjs [--force] [--lenient]
 *
 * `--lenient` is for npm's `prepare`, which hides what a failing script says: whatever needs `dist/`
 * tries again, and says why it cannot be had.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { argv, env, execPath, exit, kill, pid, platform, stderr } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { joinedModules } from "./torch/join.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
/** Written last, so its time is that of a complete build. */
const entry = join(dist, "cli/main.js");
const bundler = join(root, "scripts/bundle-libraries.mjs");
const inputs = ["ts", "scripts/torch", "tsconfig.json", "tsconfig.build.json", "package-lock.json"];
const sources = [bundler, ...inputs.map((name) => join(root, name))];
const compiler = join(root, "node_modules/typescript/bin/tsc");
/** What is inside the page of a sweep. */
const chartLibrary = join(root, "node_modules/chart.js");
const lock = join(root, "build/dist.lock");

const LOCK_POLL_MS = 100;

export class BuildFailure extends Error {}

/** Installs and builds what is missing or older than its sources. @throws BuildFailure */
export function ensureBuilt({ force = false } = {}) {
  if (!force && isCurrent()) return;
  withLock(() => {
    if (!force && isCurrent()) return;
    installIfMissing();
    build();
  });
}

/** Installs the dependencies that package-lock.json names, unless they are there. */
export function installIfMissing() {
  if (existsSync(compiler)) return;
  say("installing dependencies (npm ci)");
  // The build below is what the package's own install scripts would do.
  runNpm(["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"]);
}

function isCurrent() {
  if (!existsSync(entry)) return false;
  const builtAt = statSync(entry).mtimeMs;
  return sources.every((source) => newestChange(source) <= builtAt);
}

function newestChange(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  const inside = readdirSync(path).map((name) => newestChange(join(path, name)));
  return Math.max(stats.mtimeMs, ...inside);
}

/** Builds beside the old files and takes their place in one step. */
function build() {
  say("building dist/");
  const fresh = join(root, `build/dist.${pid}`);
  const old = join(root, `build/dist.${pid}.old`);
  try {
    run(execPath, [compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", fresh]);
    shiftSources(fresh);
    run(execPath, [bundler, fresh]);
    copyAssets(join(root, "ts"), fresh);
    const page = join(fresh, "sweep/page");
    cpSync(join(chartLibrary, "dist/chart.umd.min.js"), join(page, "chart.umd.min.js"));
    cpSync(join(chartLibrary, "LICENSE.md"), join(page, "chart-licence.md"));
    mkdirSync(join(fresh, "torch"));
    writeFileSync(join(fresh, "torch/mambalite_torch.py"), joinedModules());
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

/** Maps of declarations name their sources from where they were made, a folder deeper than where they are to lie. */
function shiftSources(folder) {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts.map")) continue;
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path, "utf8").replace('"sources":["../', '"sources":["'));
  }
}

const ASSETS = /\.(js|json|md|mlm|npy|safetensors|wav)$/;

/** What the code reads beside itself and the compiler does not copy; a folder that is a package keeps its own. */
function copyAssets(from, to) {
  cpSync(from, to, {
    recursive: true,
    filter: (path) =>
      statSync(path).isDirectory() ? !existsSync(join(path, "package.json")) : ASSETS.test(path),
  });
}

function withLock(work) {
  mkdirSync(dirname(lock), { recursive: true });
  while (!takeLock()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** The lock is a file that holds the process id of its owner. */
function takeLock() {
  try {
    writeFileSync(lock, String(pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!isOwnerAlive()) rmSync(lock, { force: true });
    return false;
  }
}

function isOwnerAlive() {
  try {
    const owner = Number(readFileSync(lock, "utf8"));
    // In a container the same number comes back: that owner was killed in an earlier life.
    if (owner === pid) return false;
    // Empty for the moment between its creation and its content.
    return owner === 0 || kill(owner, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function runNpm(args) {
  // Under npm its own path is known, which also works where npm is a shell script.
  const npm = env.npm_execpath;
  if (npm?.endsWith(".js")) run(execPath, [npm, ...args]);
  else run("npm", args, { shell: platform === "win32" });
}

/** What the command prints is shown to a person as it comes, and to a machine when it fails. */
function run(command, args, options = {}) {
  const { status, error, output } = spawnSync(command, args, {
    cwd: root,
    stdio: stderr.isTTY ? ["ignore", 2, 2] : ["ignore", "pipe", "pipe"],
    ...options,
  });
  if (status === 0) return;
  for (const text of output ?? []) if (text !== null) stderr.write(text);
  const reason = error === undefined ? `ended with ${status}` : error.message;
  throw new BuildFailure(`${[relative(root, command) || command, ...args].join(" ")} ${reason}`);
}

function say(text) {
  if (stderr.isTTY) stderr.write(`mambalite: ${text}\n`);
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    ensureBuilt({ force: argv.includes("--force") });
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    stderr.write(`mambalite: ${error.message}\n`);
    exit(argv.includes("--lenient") ? 0 : 1);
  }
}
