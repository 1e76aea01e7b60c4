/** Work of ops: which loop of the core one is run by, and what of it is counted. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { CompleteBlobOptions } from "../../../ts/blob/blob.js";
import { COSTS } from "../../../ts/board/cost-table.js";
import { createBlob, Engine } from "../../../ts/node.js";
import { opWork } from "../../../ts/profile/op-work.js";
import { quantizing } from "../../../ts/quantize/index.js";
import { linear, network, WIDTH } from "../graph/graphs.js";

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

test("linear layers of odd inputs have a loop of their own, in bytes the usual one", async () => {
  const engine = await Engine.load();
  const ops = [linear("even", 0, WIDTH, 5), linear("odd", 1, 5, 4), linear("again", 2, 4, 3)];
  const kindsOf = async (options: CompleteBlobOptions) => {
    const model = await engine.loadModel(await createBlob(engine, network(ops), options));
    return opWork(model, FRAMES, { tile: 4 }).map(({ kind }) => kind);
  };
  expect(await kindsOf({})).toEqual(["linear", "linear/odd inputs", "linear"]);
  const bytes = "linear/w8";
  expect(await kindsOf(quantizing({ type: "w8" }))).toEqual([bytes, bytes, bytes]);
  engine.dispose();
});

/** What is fitted on layers of one size may take its products for rows: a larger layer would cost next to nothing. */
test.each(Object.entries(COSTS.cores))(
  "%s has a linear layer cost what is multiplied",
  (_, core) => {
    for (const kind of [
      "linear",
      "linear/odd inputs",
      "linear/w8",
      "linear_int",
      "linear_int/bias",
    ]) {
      expect(core.kinds[kind]?.macs, kind).toBeGreaterThan(0);
    }
  },
);
