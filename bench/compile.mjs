/** Compiles the benchmark's TypeScript to build/bench. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** @returns whether it compiles */
export function compileBench() {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const args = [compiler, "-p", join(root, "bench/tsconfig.json")];
  return spawnSync(execPath, args, { cwd: root, stdio: "inherit" }).status === 0;
}
