/** Files that a pattern names: `*` and `?` within a name, `**` for folders of any depth. Knows nothing of models. */
import { type Dirent, readdirSync } from "node:fs";
import { join, parse } from "node:path";
import { isFileLike } from "../host/files.js";

const MAGIC = /[*?]/;
const ANY_DEPTH = "**";

export function isPattern(text: string): boolean {
  return MAGIC.test(text);
}

/** Files, in the order of their paths. Hidden ones only where the pattern says so; links to folders end `**`. */
export function filesOf(pattern: string): string[] {
  const { root } = parse(pattern);
  const parts = pattern
    .slice(root.length)
    .split("/")
    .filter((part) => part !== "");
  return [...new Set(walk(root === "" ? "." : root, parts))].sort();
}

function walk(folder: string, [part, ...rest]: readonly string[]): string[] {
  if (part === undefined) return [];
  if (part === ANY_DEPTH) {
    const deeper = entries(folder)
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .flatMap(({ name }) => walk(join(folder, name), [ANY_DEPTH, ...rest]));
    return [...walk(folder, rest), ...deeper];
  }
  const names = MAGIC.test(part) ? matching(folder, part) : [part];
  const paths = names.map((name) => join(folder, name));
  return rest.length === 0 ? paths.filter(isFileLike) : paths.flatMap((path) => walk(path, rest));
}

function matching(folder: string, part: string): string[] {
  const source = part
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  const form = new RegExp(`^${source}$`, "u");
  const isHiddenMeant = part.startsWith(".");
  return entries(folder)
    .map(({ name }) => name)
    .filter((name) => form.test(name) && (isHiddenMeant || !name.startsWith(".")));
}

/** Of what is no folder, or may not be looked into, none. */
function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
