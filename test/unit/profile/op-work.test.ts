/** Work of ops: which loop of the core one is run by, and what of it is counted. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Engine } from "../../../ts/node.js";
import { opWork } from "../../../ts/profile/op-work.js";

const FRAMES = 10;

async function workOf(path: string) {
  const engine = await Engine.load();
  const url = new URL(`../../../ts/models/${path}`, import.meta.url);
  const model = await engine.loadModel(readFileSync(url));
  const found = opWork(model, FRAMES, { tile: 4 });
  const filters = model.tensors.find(({ name }) => name === "logmel.filters")?.shape[0];
  engine.dispose();
  return { work: new Map(found.map((op) => [op.name, op])), filters };
}

test("integers that an odd rank puts at half words, and those that it does not", async () => {
  const { work } = await workOf("kws/model-int.mlm");
  const scan = work.get("layers.0.mixer.selective_scan")!;
  expect(scan.kind).toBe("selective_scan_int/i32/to i32/odd rank"); // rank 3
  expect(work.get("layers.0.mixer.conv1d")!.kind).toBe("causal_conv_int");
  expect(work.get("linear_in")!.kind).toBe("linear_int/to i32/bias");
  expect(work.get("layers.0.mixer.x_proj")!.kind).toBe("linear_int");
  const har = await workOf("har/model-int.mlm");
  expect(har.work.get("affine")!.kind).toBe("causal_conv_int/other taps");
  expect(har.work.get("layers.0.mixer.selective_scan")!.kind).toBe("selective_scan_int/i32/to i32");
});

test("a log-mel front end's filters are no part of its transform", async () => {
  for (const name of ["kws/model.mlm", "kws/model-int.mlm"]) {
    const { work, filters } = await workOf(name);
    const logmel = work.get("logmel")!;
    expect(logmel.partMacs).toBe(FRAMES * filters!);
    expect(logmel.macs).toBeGreaterThan(logmel.partMacs);
    expect(logmel.inputs).toBe(FRAMES * 160);
  }
});

test("integers fill up quads of linear layers, and nothing else", async () => {
  const { work } = await workOf("kws/model-int.mlm");
  const exact = FRAMES * 80 * 19; // 20 of 4 outputs each
  expect(work.get("layers.0.mixer.x_proj")!.macs).toBeCloseTo((exact * 20) / 19, 6);
  const { elements, exps } = work.get("layers.0.mixer.conv1d")!;
  expect(elements).toBe(FRAMES * 80);
  expect(exps).toBe(elements);
});
