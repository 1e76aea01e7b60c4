/**
 * Makes the API reference, a page for each path that package.json exports, in build/api: by TypeDoc, which has its
 * packages in docs/api, since it does not know the compiler of this project. A warning is an error: a type that is named
 * by what is exported and not exported itself, a link that leads nowhere.
 *
 *   npm run docs:api
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process, { execPath } from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const here = join(root, "docs/api");
const typedoc = join(here, "node_modules/typedoc/bin/typedoc");
const output = join(root, "build/api");

/** The TypeScript behind each path that has types; of two, Node's, which has the other one's too. */
function entryPoints() {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return Object.values(exports).flatMap((entry) => {
    const types = (entry.node ?? entry).types;
    return types ? [join(root, types.replace("./dist/", "ts/").replace(".d.ts", ".ts"))] : [];
  });
}

function run(command, args, cwd = root) {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(typedoc)) {
  console.log("installing TypeDoc into docs/api (npm ci)");
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], here);
}
const points = entryPoints().flatMap((path) => ["--entryPoints", path]);
run(execPath, [typedoc, "--options", join(here, "typedoc.json"), ...points, "--out", output]);
console.log(`open ${join(output, "index.html")}`);
