/** The published schema of arch files: what the descriptors make, and of one mind with the check. */
import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { ARCH_KINDS } from "../../../ts/checkpoint/arch/kinds.js";
import { archSchema } from "../../../ts/checkpoint/arch/schema.js";
import { readArch } from "../../../ts/checkpoint/index.js";
import { DESCRIPTORS } from "../../../ts/graph/descriptors/index.js";

const ROOT = new URL("../../../", import.meta.url);
const text = readFileSync(new URL("ts/checkpoint/arch.schema.json", ROOT), "utf8");
const validate = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
}).compile(JSON.parse(text));

function archFiles(): { name: string; value: unknown }[] {
  const filesIn = (folder: string) =>
    readdirSync(new URL(folder, ROOT)).map((name) => `${folder}/${name}`);
  const cases = [...filesIn("test/cases"), ...filesIn("test/cases/graph")].filter(
    (name) => !name.endsWith("falcon_mamba.json"), // the config.json of a language model
  );
  const golden = readdirSync(new URL("test/golden", ROOT))
    .filter((name) => /^arch_/.test(name))
    .map((name) => `test/golden/${name}/arch.json`);
  return [...cases, ...golden]
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({ name, value: JSON.parse(readFileSync(new URL(name, ROOT), "utf8")) }));
}

/** Both the schema and the reader. */
function isAccepted(value: unknown): readonly [boolean, boolean] {
  let isRead = true;
  try {
    readArch(new TextEncoder().encode(JSON.stringify(value)));
  } catch {
    isRead = false;
  }
  return [validate(value), isRead];
}

describe("arch.schema.json", () => {
  it("is what scripts/arch-schema.mjs makes of the descriptors", () => {
    expect(text).toBe(`${JSON.stringify(archSchema(), null, 2)}\n`);
  });

  it("has every kind of op that a network may have, with its fields and tensors", () => {
    for (const [kind, { fields, tensors }] of Object.entries(DESCRIPTORS)) {
      const inFile = ARCH_KINDS.get(kind);
      if (kind === "logmel")
        expect(inFile).toBeUndefined(); // comes from a front-end file
      else {
        expect(Object.keys(inFile?.fields ?? {})).toEqual(
          expect.arrayContaining(Object.keys(fields).filter((name) => !name.includes("."))),
        );
        expect(inFile?.tensors.length).toBe(tensors.length);
      }
    }
  });

  it.each(archFiles().map(({ name, value }) => [name, value]))("takes %s", (_, value) => {
    expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
  });

  const linear = { kind: "linear", name: "a" };
  it.each([
    [{ ops: [linear] }, true],
    [{ convention: "stack", eps: 1e-6, mamba: { gate: "sigmoid" } }, true],
    [
      {
        ops: [
          { repeat: 2, ops: [{ kind: "slice", name: "s{i}", input: "x", first: "{i}", width: 1 }] },
        ],
      },
      true,
    ],
    [{ ops: [linear, { kind: "subtract", name: "b", inputs: [1, "a"] }] }, true],
    [{ ops: [linear, { kind: "add", name: "b", inputs: ["a", { tensor: "t" }] }] }, true],
    [{}, false],
    [{ ops: [linear], convention: "paper" }, false],
    [{ ops: [{ kind: "sin", name: "a" }] }, false],
    [{ ops: [{ ...linear, activation: "relu" }] }, false],
    [{ ops: [{ kind: "norm", name: "a", eps: 0 }] }, false],
    [{ ops: [{ kind: "pool", name: "a" }] }, false],
    [{ ops: [{ kind: "pool", name: "a", pool: "median" }] }, false],
    [{ ops: [{ repeat: 0, ops: [linear] }] }, false],
    [{ convention: "stack", mamba: { gate: "sine" } }, false],
  ])("is of one mind with the reader about %j", (value, isRight) => {
    expect(isAccepted(value)).toEqual([isRight, isRight]);
  });

  it("leaves the number of inputs to the reader, which writes ranges of names out", () => {
    const gate = (...inputs: string[]) => ({
      ops: [linear, { kind: "gate", name: "g", inputs }],
    });
    expect(isAccepted(gate("a"))).toEqual([true, false]);
    expect(isAccepted(gate("x.{0..1}"))).toEqual([true, true]);
  });
});
