/** A model as a graph to be drawn. */
import { beforeAll, describe, expect, test } from "vitest";
import { Engine, type Network } from "../../../ts/node.js";
import type { NetworkGraph } from "../../../ts/profile/index.js";
import { graphOf, stackNetwork } from "../app/graphs.js";
import { add, audioNetwork, NetworkMaker, tiedLanguageModel } from "../core/networks.js";
import { GRAPHS, linear, network } from "../graph/graphs.js";

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

function graph(of: Network): Promise<NetworkGraph> {
  return graphOf(engine, of);
}

function namesOf({ nodes }: NetworkGraph): string[] {
  return nodes.map(({ name }) => name);
}

test("a Mamba block is one node, with its parts and all its weights", async () => {
  const stack = await graph(stackNetwork(1));
  expect(namesOf(stack)).toEqual([
    "in",
    "layers.0.norm",
    "layers.0.mixer",
    "layers.0.add",
    "pool",
    "head",
  ]);
  const block = stack.nodes[2]!;
  expect(block).toMatchObject({ kind: "mamba", label: "8 → 8, inner 16 × 4", inputs: [2] });
  expect(block.parts.map(({ name }) => name)).toEqual([
    "in_proj.x",
    "conv1d",
    "x_proj",
    "selective_scan",
    "gate",
    "out_proj",
  ]);
  expect(block.ops).toEqual([2, 3, 4, 5, 6, 7]);
  expect(block.parameters).toBe(block.parts.reduce((sum, part) => sum + part.parameters, 0));
  expect(stack.nodes[3]!.inputs).toEqual([1, 3]);
});

test("ops that are only called like a block's parts stay apart", async () => {
  const make = new NetworkMaker(4);
  const called = network([
    linear("block.conv1d", 0, 6, 6),
    linear("block.gate", 1, 6, 6),
    add("sum", 1, 2),
    make.linear("block.out_proj", 3, 6, 2, false),
  ]);
  expect(namesOf(await graph(called))).toEqual([
    "block.conv1d",
    "block.gate",
    "sum",
    "block.out_proj",
  ]);
});

describe.each(Object.keys(GRAPHS))("%s", (name) => {
  test("is in an order of reading, stage by stage, with every op once", async () => {
    const { nodes, outputs } = await graph(GRAPHS[name]!);
    nodes.forEach(({ inputs, stage }, i) => {
      for (const value of inputs) expect(value).toBeLessThanOrEqual(i);
      expect(stage).toBeGreaterThanOrEqual(nodes[i - 1]?.stage ?? 0);
    });
    const ops = nodes.flatMap((node) => node.ops).sort((a, b) => a - b);
    expect(ops).toEqual(ops.map((_, i) => i));
    for (const { value } of outputs) expect(nodes[value - 1]).toBeDefined();
  });
});

test("outputs are where the network says they are, not where their names are", async () => {
  const { nodes, outputs } = await graph(GRAPHS["two heads, one of every row"]!);
  expect(outputs.map(({ name, shape, what }) => [name, shape, what])).toEqual([
    ["rows", "[T, 3]", "rows over time"],
    ["class", "[4]", "once a sequence"],
    ["body", "[T, 6]", "rows over time"],
  ]);
  const sources = outputs.map(({ value }) => nodes[value - 1]?.width);
  expect(sources).toEqual([3, 4, 6]);
});

test("the input is said in the field's words", async () => {
  expect((await graph(audioNetwork())).input).toMatchObject({ shape: "[T]" });
  expect((await graph(audioNetwork())).input.what).toMatch(/^samples at [0-9,]+ Hz$/);
  expect((await graph(tiedLanguageModel())).input.what).toBe("tokens below 19");
  expect((await graph(stackNetwork(1))).input).toEqual({
    ...{ name: "input", shape: "[T, 8]", what: "frames of 8" },
  });
});
