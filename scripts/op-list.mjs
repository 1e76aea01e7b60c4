/**
 * Writes op_list.h, the list of op classes that a build of the core contains (csrc/op-list.mjs):
 *
 *   node scripts/op-list.mjs [FOLDER]     (default: build/include)
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process, { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { opList } from "../csrc/op-list.mjs";

export { opList };

const DEFAULT_FOLDER = "build/include";

/** Writes op_list.h of all kernels into a folder, which is made if need be; leaves an equal file alone. */
export async function writeOpList(folder) {
  const kernels = fileURLToPath(new URL("../csrc/kernels", import.meta.url));
  const files = readdirSync(kernels)
    .filter((name) => name.endsWith(".c"))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(kernels, name), "utf8") }));
  const text = opList(files);
  const target = join(folder, "op_list.h");
  if (existsSync(target) && readFileSync(target, "utf8") === text) return target;
  mkdirSync(folder, { recursive: true });
  writeFileSync(target, text);
  return target;
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    if (argv[2]?.startsWith("-")) throw new Error(`a folder is expected, got ${argv[2]}`);
    const folder = argv[2] ?? new URL(`../${DEFAULT_FOLDER}`, import.meta.url).pathname;
    console.log(await writeOpList(folder));
  } catch (error) {
    console.error(`op-list: ${error.message}`);
    process.exitCode = 1;
  }
}
