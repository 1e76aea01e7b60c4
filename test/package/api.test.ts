/** The API reference: made by its command, without a warning, with a page for each path that has types. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../cli/support.js";

const reference = join(root, "build/api");
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const paths = Object.entries(exports as Record<string, { types?: string; node?: object }>)
  .filter(([, entry]) => (entry.types ?? entry.node) !== undefined)
  .map(([, entry]) => ((entry.node ?? entry) as { types: string }).types);

it("the API reference has all that is exported, and names no type that is not", () => {
  rmSync(reference, { recursive: true, force: true });
  execFileSync(process.execPath, [join(root, "scripts/api.mjs")], { stdio: "pipe" });
  const pages = paths.map((types) =>
    types
      .replace("./dist/", "")
      .replace(/(\/index)?\.d\.ts$/, "")
      .replace("/", "_"),
  );
  expect(pages.length).toBeGreaterThan(10);
  for (const page of pages)
    expect(existsSync(join(reference, `modules/${page}.html`)), page).toBe(true);
});
