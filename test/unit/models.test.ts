/** Where the bundled models are: in Node all of them, in a bundle those of this package. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { NotInstalled } from "../../ts/core/errors.js";
import { FILES } from "../../ts/models/har/index.js";
import { BUNDLED_MODELS as PORTABLE } from "../../ts/models/index.js";
import { BUNDLED_MODELS, isInstalled } from "../../ts/models/node.js";

const folder = new URL("../../ts/models/har/", import.meta.url);
const manifest = (path: string) =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as {
    readonly version: string;
    readonly peerDependencies: Readonly<Record<string, string>>;
  };

describe("bundled models", () => {
  test("have the same names everywhere, and are all there in Node", () => {
    expect(BUNDLED_MODELS.map(({ name }) => name)).toEqual(["kws", "har"]);
    expect(PORTABLE.map(({ name }) => name)).toEqual(["kws", "har"]);
    expect(BUNDLED_MODELS.map(isInstalled)).toEqual([true, true]);
    const [kws, har] = BUNDLED_MODELS;
    expect(kws!.terms).toBeUndefined();
    expect(readFileSync(har!.terms!.licence, "utf8")).toContain("Any commercial use is prohibited");
  });

  test("of @mambalite/har are asked for by its own import in a bundle", () => {
    const [kws, har] = PORTABLE;
    expect(readFileSync(kws!.blob).length).toBeGreaterThan(0);
    for (const ask of [() => har!.blob, () => har!.integers.blob, () => har!.examples[0]!.url]) {
      expect(ask).toThrow(NotInstalled);
      expect(ask).toThrow(/^har is not in this package, .*: import FILES from @mambalite\/har$/);
    }
  });
});

describe("@mambalite/har", () => {
  test("says where its files are", () => {
    for (const [name, url] of Object.entries(FILES)) {
      expect(fileURLToPath(url)).toBe(fileURLToPath(new URL(name, folder)));
      expect(readFileSync(url).length).toBeGreaterThan(0);
    }
    const data = readdirSync(folder).filter((name) => /\.(mlm|npy|safetensors)$/.test(name));
    expect(Object.keys(FILES)).toEqual(expect.arrayContaining(data));
  });

  test("is of a version that this package takes", () => {
    const { version } = manifest("../../ts/models/har/package.json");
    const { peerDependencies } = manifest("../../package.json");
    expect(peerDependencies["@mambalite/har"]).toBe(`^${version}`);
  });
});
