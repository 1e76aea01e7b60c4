/** What a browser would load from the package's browser entry needs nothing of Node. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const IMPORT = /(?:^|\n)\s*(import|export)\s(?!type\b)[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g;

/** Modules that `entry` imports at run time, itself among them: relative ones as URLs. */
function graphOf(entry: URL): Map<string, string> {
  const graph = new Map<string, string>();
  const pending = [entry.href];
  for (let href = pending.pop(); href !== undefined; href = pending.pop()) {
    if (graph.has(href)) continue;
    const source = href.startsWith("file:") ? readFileSync(new URL(href), "utf8") : "";
    graph.set(href, source);
    for (const [, , fixed, dynamic] of source.matchAll(IMPORT)) {
      const specifier = (fixed ?? dynamic)!;
      const target = specifier.replace(/\.js$/, ".ts");
      pending.push(specifier.startsWith(".") ? new URL(target, href).href : specifier);
    }
  }
  return graph;
}

describe("the browser entry", () => {
  const graph = graphOf(new URL("../../../ts/index.ts", import.meta.url));
  const ours = [...graph].filter(([href]) => href.startsWith("file:"));

  test("imports only packages that run in browsers", () => {
    const packages = [...graph.keys()].filter((href) => !href.startsWith("file:"));
    expect(packages).toContain("@assemblyscript/loader");
    expect(packages.filter((name) => name.startsWith("node:"))).toEqual([]);
    expect(ours.length).toBeGreaterThan(10);
  });

  test.each([
    /["'`]node:/,
    /\bprocess\./,
    /\brequire\(/,
    /\bBuffer\./,
    /\b__dirname\b/,
    /\bSharedArrayBuffer\b/,
  ])("never says %s", (word) => {
    for (const [href, source] of ours) expect(source, href).not.toMatch(word);
  });

  test("awaits nothing at top level", () => {
    for (const [href, source] of ours)
      expect(source, href).not.toMatch(/^(?:export const .*)?await /m);
  });
});
