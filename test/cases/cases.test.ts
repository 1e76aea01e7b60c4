/**
 * Networks as people write them, where a folder of such cases lies beside the checkout: each against PyTorch
 * in float64, with the arch file of its name here.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArch, readNpy, readNpyFloat64 } from "../../ts/checkpoint/index.js";
import { Engine } from "../../ts/node.js";
import { errorOf, joined, networkOf, run, TOLERANCE } from "./support.js";

const ARCHES = new URL("./", import.meta.url);
const CASES = new URL("../../../shared/cases/", import.meta.url);

/** Has a test of its own. */
const PUBLISHED = "mambabeat";
const names = readdirSync(ARCHES)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -".json".length))
  .filter((name) => name !== PUBLISHED);

function bytesOf(folder: URL, name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => {
  engine.dispose();
});

describe("networks as people write them", () => {
  for (const name of names) {
    const folder = new URL(`${name}/`, CASES);
    it.skipIf(!existsSync(folder))(name, async () => {
      const network = networkOf(
        bytesOf(folder, "model.pth"),
        readArch(bytesOf(ARCHES, `${name}.json`)),
      );
      const outputs = await run(engine, network, readNpy(bytesOf(folder, "input.npy")).data);
      const { data } = readNpyFloat64(bytesOf(folder, "expected.npy"));
      expect(errorOf(joined(outputs), data)).toBeLessThan(TOLERANCE);
    });
  }
});
