/** Results of parts of a sweep as one file, in the order of their keys. Knows nothing of what they mean. */
import { StoreProblem } from "./problems.js";
import { lineOf, readStore } from "./store.js";

/** @throws StoreProblem (parts that do not agree), FileProblem */
export function mergedStores(paths: readonly string[]): { text: string; tasks: number } {
  const merged = new Map<string, { line: string; path: string }>();
  for (const path of paths) {
    const stored = readStore(path);
    for (const key of stored.lines.keys()) {
      const line = lineOf(stored, key)!;
      const before = merged.get(key);
      if (before !== undefined && before.line !== line) {
        throw new StoreProblem(path, `has another result of the task ${key} than ${before.path}`);
      }
      merged.set(key, { line, path });
    }
  }
  const lines = [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { line }]) => `${line}\n`);
  return { text: lines.join(""), tasks: merged.size };
}
