/** docs/arch.md: its examples are the arch files that are tested, its table is that of the descriptors. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { archKindsTable } from "../../../ts/checkpoint/arch/kinds-table.js";
import { readArch } from "../../../ts/checkpoint/index.js";

const ROOT = new URL("../../../", import.meta.url);
const text = readFileSync(new URL("docs/arch.md", ROOT), "utf8");

const blocks = [...text.matchAll(/(?:<!-- (\S+\.json) -->\n)?```json\n([\s\S]*?)```/g)].map(
  ([, file, json = ""]) => ({ file, value: JSON.parse(json) }),
);

describe("docs/arch.md", () => {
  it("has the table of kinds that scripts/arch-schema.mjs makes", () => {
    expect(text).toContain(`-->\n${archKindsTable()}\n<!-- /kinds -->`);
  });

  it.each(blocks.filter(({ file }) => file !== undefined))(
    "has $file as it is tested",
    ({ file, value }) => {
      expect(value).toEqual(JSON.parse(readFileSync(new URL(file as string, ROOT), "utf8")));
    },
  );

  it("shows the networks of each kind", () => {
    const shown = blocks.flatMap(({ file }) =>
      file === undefined ? [] : [file.split("/").at(-1)],
    );
    const short = ["falcon_mamba.json", "vim_v1.json"]; // no more than a line each
    const all = readdirSync(new URL("test/cases/graph", ROOT));
    expect([...shown, ...short].sort()).toEqual(all.sort());
  });

  it.each(blocks.filter(({ file }) => file === undefined))(
    "has an arch that can be read: $value",
    ({ value }) => {
      const whole = "repeat" in value ? { ops: [value] } : value;
      expect(() => readArch(new TextEncoder().encode(JSON.stringify(whole)))).not.toThrow();
    },
  );
});
