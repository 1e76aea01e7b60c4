/** Imports that lint refuses: made on purpose. */
import { expect, it } from "vitest";
import { checkLayers, importCircles, upwardImports } from "../../scripts/layers.mjs";

const FLOORS = [["low.ts"], ["core"], ["app", "cli"]];
const of = (all: Record<string, string[]>) => new Map(Object.entries(all));

it("imports of this package go down, and in no circle", () => {
  expect(checkLayers()).toEqual([]);
});

it("says which import goes up or sideways, and what has no floor", () => {
  const imports = of({
    "low.ts": ["core/a.ts"],
    "core/a.ts": ["core/b.ts", "low.ts"],
    "core/b.ts": [],
    "app/page.ts": ["cli/json.ts", "core/a.ts"],
    "cli/json.ts": [],
    "attic/x.ts": [],
  });
  expect(upwardImports(imports, FLOORS)).toEqual([
    "attic/x.ts: attic has no floor in scripts/layers.mjs",
    "low.ts -> core/a.ts: upward",
    "app/page.ts -> cli/json.ts: upward",
  ]);
});

it("says which floor is of files that are gone", () => {
  const imports = of({ "low.ts": [], "core/a.ts": [], "app/page.ts": [] });
  expect(upwardImports(imports, FLOORS)).toEqual([
    "cli: has a floor in scripts/layers.mjs, and no files",
  ]);
});

it("says which files import each other in a circle", () => {
  const imports = of({ a: ["b", "d"], b: ["c"], c: ["a"], d: ["d"], e: ["a"] });
  expect(importCircles(imports)).toEqual(["a -> b -> c -> a: a circle", "d -> d: a circle"]);
});
