/** A search in a folder of its own, swept by the real command line. Knows nothing of what is tested. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../../ts/sweep/result.js";
import { makeSearch, planOf, type Search } from "./made.js";

/** @returns the path of the plan */
export function search(folder: string, size: Search, more: object = {}): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  makeSearch(folder, size);
  return writePlan(folder, "sweep.json", more);
}

export function writePlan(folder: string, name: string, more: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(planOf(more)));
  return path;
}

/** Lines of a file of results, sorted. */
export function sortedLines(path: string): string[] {
  return readFileSync(path, "utf8").trimEnd().split("\n").sort();
}

export function resultsIn(path: string): Result[] {
  return sortedLines(path).map((line) => JSON.parse(line));
}
