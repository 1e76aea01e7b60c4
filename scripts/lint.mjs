/**
 * `npm run lint`: Biome, the floors of imports and the type checker for TypeScript, clang-format for C. `--write` formats
 * instead of complaining. Says so when a tool is not there; what it finds ends it with 1.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process, { argv, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuilt, installIfMissing } from "./build.mjs";
import { checkLayers } from "./layers.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const C_FOLDERS = ["csrc", "wasm", "bench", "test/native", "test/fuzz", "scripts/models"];
/** All of it with all types; then what must do without those of Node, of browsers, of pages; then plain JavaScript. */
const PROJECTS = [
  ["types", "tsconfig.json"],
  ["portable", "tsconfig.portable.json"],
  ["page", "tsconfig.page.json"],
  ["worker", "tsconfig.worker.json"],
  ["scripts", "tsconfig.scripts.json"],
];
const write = argv.includes("--write");

function bin(path) {
  return join(root, "node_modules", path);
}

function run(name, command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error && "code" in error && error.code === "ENOENT") {
    console.log(`${name}: skipped, ${command} is not installed`);
    return;
  }
  console.log(`${name}: ${status === 0 ? "ok" : "failed"}`);
  if (status !== 0) process.exitCode = 1;
}

function checkImports() {
  const wrong = checkLayers();
  for (const line of wrong) console.log(line);
  console.log(`imports: ${wrong.length === 0 ? "ok" : "failed"}`);
  if (wrong.length > 0) process.exitCode = 1;
}

function cFiles() {
  return C_FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.[ch]$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}

installIfMissing();
run("biome", execPath, [
  bin("@biomejs/biome/bin/biome"),
  "check",
  "--error-on-warnings",
  ...(write ? ["--write"] : []),
]);
checkImports();
ensureBuilt(); // scripts read its types
for (const [name, project] of PROJECTS) {
  run(name, execPath, [bin("typescript/bin/tsc"), "--noEmit", "-p", project]);
}
run("clang-format", "clang-format", [...(write ? ["-i"] : ["--dry-run", "-Werror"]), ...cFiles()]);
