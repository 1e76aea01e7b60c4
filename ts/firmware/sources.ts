/** Reads this package's C sources, for Node. Knows nothing of what is made of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Sources } from "./core-files.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Firmware of its own, and images of it: no part of a project. */
const RUNNERS = /^runner\//;

/** Everything below csrc that projects are made of, by its path there, and the licence. */
export function readSources(): Sources {
  const folder = join(root, "csrc");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .filter((path) => !RUNNERS.test(path))
    .sort();
  return new Map([
    ...files.map((path): [string, string] => [path, readFileSync(join(folder, path), "utf8")]),
    ["LICENSE", readFileSync(join(root, "LICENSE"), "utf8")],
  ]);
}
