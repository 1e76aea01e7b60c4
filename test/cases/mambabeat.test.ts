/** A public checkpoint as published, a whole module in float64, where it lies beside the checkout. */
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArch, readNpy, readNpyFloat64 } from "../../ts/checkpoint/index.js";
import { Engine } from "../../ts/node.js";
import { errorOf, networkOf, run, TOLERANCE } from "./support.js";

const FOLDER = new URL("../../../shared/data/checkpoints/mambabeat/", import.meta.url);
const file = (name: string) => new Uint8Array(readFileSync(new URL(name, FOLDER)));
const isPresent = existsSync(FOLDER);
const title = "MambaBEAT, as published";

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => {
  engine.dispose();
});

describe.skipIf(!isPresent)(isPresent ? title : `${title} (skipped: ../shared is absent)`, () => {
  it("gives the float64 logits, with an arch of four operators", async () => {
    const arch = readArch(readFileSync(new URL("mambabeat.json", import.meta.url)));
    const network = networkOf(file("model.pth"), arch);
    const { data, shape } = readNpy(file("inputs.npy"));
    const reference = readNpyFloat64(file("logits_float64.npy"));
    const [cases = 0, rows = 0, width = 0] = shape;
    const classes = reference.shape[1] ?? 0;
    for (let i = 0; i < cases; i++) {
      const input = data.subarray(i * rows * width, (i + 1) * rows * width);
      const [logits] = await run(engine, network, input);
      const expected = reference.data.subarray(i * classes, (i + 1) * classes);
      expect(errorOf(logits?.data ?? [], expected)).toBeLessThan(TOLERANCE);
    }
  });
});
