/**
 * Writes op_list.h and op_types.h, what a build of the core contains (csrc/op-list.mjs):
 *
 *   node scripts/op-list.mjs [FOLDER]     (default: build/include)
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process, { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildHeaders, opList } from "../csrc/op-list.mjs";

export { opList };

const DEFAULT_FOLDER = "build/include";

/** Writes the headers of a build of all kernels into a folder, which is made if need be; leaves an equal file alone. */
export async function writeBuildHeaders(folder) {
  const kernels = fileURLToPath(new URL("../csrc/kernels", import.meta.url));
  const files = readdirSync(kernels)
    .filter((name) => name.endsWith(".c"))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(kernels, name), "utf8") }));
  mkdirSync(folder, { recursive: true });
  const targets = [];
  for (const [name, text] of buildHeaders(files)) {
    const target = join(folder, name);
    targets.push(target);
    if (!existsSync(target) || readFileSync(target, "utf8") !== text) writeFileSync(target, text);
  }
  return targets;
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    if (argv[2]?.startsWith("-")) throw new Error(`a folder is expected, got ${argv[2]}`);
    const folder = argv[2] ?? new URL(`../${DEFAULT_FOLDER}`, import.meta.url).pathname;
    console.log((await writeBuildHeaders(folder)).join("\n"));
  } catch (error) {
    console.error(`op-list: ${error.message}`);
    process.exitCode = 1;
  }
}
