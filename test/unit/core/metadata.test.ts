/** Metadata of a blob that nobody vouches for: what prints it walks it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { BadModel, Engine, writeBlob } from "../../../ts/node.js";
import { paperNetwork } from "./networks.js";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.load();
});
afterAll(() => engine.dispose());

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

test("metadata is read to a depth, and refused beyond it", async () => {
  const load = (depth: number) =>
    engine.loadModel(writeBlob(paperNetwork(), { metadata: { note: nested(depth) } }));
  const model = await load(20);
  expect(model.metadata.note).toEqual(nested(20));
  model.dispose();
  for (const depth of [40, 3000]) await expect(load(depth)).rejects.toThrow(BadModel);
});
