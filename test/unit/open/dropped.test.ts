/** What dropped files are, by their names. */
import { describe, expect, it } from "vitest";
import { sortDropped } from "../../../ts/open/dropped.js";

const named = (...paths: string[]) => paths.map((path) => ({ path }));
const logits = [{ name: "logits" }];

describe("dropped files", () => {
  it.each([
    ["a model", ["net.pth"], { model: "net.pth", companions: [] }],
    [
      "a model and what goes with it",
      ["labels.json", "net.safetensors", "frontend.json"],
      { model: "net.safetensors", companions: ["labels.json", "frontend.json"] },
    ],
    ["a file of another ending", ["weights.dat"], { model: "weights.dat", companions: [] }],
    ["a model among others", ["notes.txt", "net.mlm"], { model: "net.mlm", companions: [] }],
  ])("%s: to be opened", (_, paths, expected) => {
    const dropped = sortDropped(named(...paths), logits);
    if (dropped.kind !== "model") throw new Error(dropped.kind);
    const { model, companions } = dropped;
    expect({ model: model.path, companions: companions.map(({ path }) => path) }).toEqual(expected);
  });

  it.each([
    [["yes.wav"], "input"],
    [["yes.flac"], "input"],
    [["x.npy"], "input"],
    [["input.npy", "logits_float64.npy"], "reference"],
    [["golden/input.npy", "golden/trace/00_a.npy", "golden/output.npy"], "reference"],
    [["arch.json"], "nothing"],
    [[], "nothing"],
  ] as const)("%j: %s of the open model", (paths, kind) => {
    expect(sortDropped(named(...paths), logits).kind).toBe(kind);
  });

  it("are a model where none is open", () => {
    expect(sortDropped(named("x.npy"), undefined).kind).toBe("model");
  });

  it("know the names of several outputs", () => {
    const outputs = [{ name: "rows" }, { name: "class" }];
    expect(sortDropped(named("input.npy", "rows.npy"), outputs).kind).toBe("reference");
    expect(sortDropped(named("input.npy", "rows.npy"), logits).kind).toBe("model");
  });
});
