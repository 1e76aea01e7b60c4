/** Names in a file that a terminal would obey: shown, never obeyed. */
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { failure, golden, json, output, temporaryFolder } from "./support.js";

const temporary = temporaryFolder();
const folder = golden("arch_max_relu_d7_t37");
const hostile = "\u001b[2J\u009b1A\u202e";
const shown = "\\u{1b}[2J\\u{9b}1A\\u{202e}";
const checkpoint = `${folder}/model.safetensors`;
const blob = temporary("model.mlm");

beforeAll(() => {
  const arch = JSON.parse(readFileSync(`${folder}/arch.json`, "utf8"));
  const first = arch.ops[0];
  first.weights ??= first.name;
  const old = first.name;
  first.name = `${hostile}${old}`;
  for (const op of arch.ops) {
    if (op.input === old) op.input = first.name;
    if (op.inputs) op.inputs = op.inputs.map((name: string) => (name === old ? first.name : name));
  }
  writeFileSync(temporary("arch.json"), JSON.stringify(arch));
  output(["convert", checkpoint, "--arch", temporary("arch.json"), "-o", blob]);
});

/** Line feeds only, of all that is not seen. */
const PLAIN = /^(?:\n|\P{C})*$/u;

describe("names that a terminal would obey", () => {
  it.each([
    ["inspect", ["inspect", blob]],
    ["profile", ["profile", blob, "--frames", "8"]],
  ])("are written out by %s", (_, args) => {
    const text = output(args);
    expect(text).toMatch(PLAIN);
    expect(text).toContain(shown);
  });

  it.each([
    ["inspect", ["inspect", blob]],
    ["profile", ["profile", blob, "--frames", "8"]],
  ])("are escaped by %s --json", (_, args) => {
    expect(output([...args, "--json"])).toMatch(PLAIN);
    expect(JSON.stringify(json(args))).toContain("\u202e");
  });

  it("are written out in messages", () => {
    writeFileSync(temporary("bad.json"), JSON.stringify({ [hostile]: 1 }));
    expect(failure(["inspect", checkpoint, "--arch", temporary("bad.json")])).toContain(shown);
  });
});
