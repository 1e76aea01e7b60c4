/** Where primitives run: stages, clocks, order, and what is inserted where branches meet. */
import { describe, expect, test } from "vitest";
import { encodeNetwork } from "../../../ts/blob/encode.js";
import { NO_CLOCK } from "../../../ts/core/format.js";
import type { Network, Op } from "../../../ts/graph/network.js";
import { BadArgument, writeBlob } from "../../../ts/node.js";
import { add, NetworkMaker, pool } from "../core/networks.js";
import { conv, GRAPHS, joined, linear, network, tensor, WIDTH } from "./graphs.js";

/** Each op as "name(inputs) stage/clock", a vector's clock as "-". */
function placed(graph: Network): string[] {
  return encodeNetwork(graph).ops.map(({ name, inputs, stage, clock }) => {
    return `${name}(${inputs.join(",")}) ${stage}/${clock === NO_CLOCK ? "-" : clock}`;
  });
}

function named(title: string): Network {
  const graph = GRAPHS[title];
  if (graph === undefined) throw new Error(`no graph is called ${title}`);
  return graph;
}

const reverse = (name: string, input: number): Op => ({ kind: "reverse", name, input });

describe("stages", () => {
  test("rise at a reverse, and the outer branches wait", () => {
    expect(placed(named("a bidirectional block with a residual"))).toEqual([
      "in(0) 0/0",
      "forward(1) 0/0",
      "flip(1) 1/0",
      "backward(3) 1/0",
      "flip_back(4) 2/0",
      "both(2,5) 2/0",
      "residual(6,1) 2/0",
    ]);
  });

  test("rise behind a pool: its vectors first, what reads them later", () => {
    expect(placed(named("squeeze and excitation"))).toEqual([
      "conv(0) 0/0",
      "squeeze(1) 0/-",
      "narrow(2) 1/-",
      "relu(3) 1/-",
      "wide(4) 1/-",
      "sigmoid(5) 1/-",
      "multiply(1,6) 1/0",
    ]);
  });

  test("of the input's readers: behind the start it is a copy, made once", () => {
    const ops = placed(named("RevIN and its undoing"));
    expect(ops.slice(0, 3)).toEqual(["mean(0) 0/-", "std(0) 0/-", "input.copy(0) 0/0"]);
    expect(ops.slice(3)).toEqual([
      "subtract(3,1) 1/0",
      "divide(4,2) 1/0",
      "body(5) 1/0",
      "multiply(6,2) 1/0",
      "undone(7,1) 1/0",
    ]);
    const twice = network([pool("p", 0, "max"), joined("multiply", 0, 1), add("again", 0, 2)]);
    expect(placed(twice).filter((op) => op.startsWith("input.copy"))).toHaveLength(1);
  });

  test("order ops, stably, whatever order the network has them in", () => {
    const graph = network(
      [
        pool("early", 0, "max"),
        linear("head", 1, WIDTH, 2),
        reverse("flip", 0),
        conv("behind", 3, { padding: "causal" }),
        linear("late", 0, WIDTH, WIDTH),
        pool("pool", 4, "max"),
        linear("other", 6, WIDTH, 2),
      ],
      [
        { name: "head", value: 2 },
        { name: "other", value: 7 },
        { name: "late", value: 5 },
      ],
    );
    expect(placed(graph)).toEqual([
      "early(0) 0/-",
      "input.copy(0) 0/0",
      "late(0) 0/0",
      "head(1) 1/-",
      "flip(2) 1/0",
      "behind(5) 1/0",
      "pool(6) 1/-",
      "other(7) 2/-",
    ]);
    expect(encodeNetwork(graph).outputs.map(({ name, value }) => [name, value])).toEqual([
      ["head", 4],
      ["other", 8],
      ["late", 3],
    ]);
  });
});

describe("clocks", () => {
  test("of a residual around a centred convolution: the input waits for it", () => {
    const graph = network([
      conv("conv", 0, { padding: "same" }),
      add("sum", 1, 0),
      add("more", 2, 0),
    ]);
    expect(placed(graph)).toEqual([
      "conv(0) 0/1",
      "sum.align(0,1) 0/1",
      "sum(1,2) 0/1",
      "more(3,2) 0/1",
    ]);
  });

  test("of branches that look ahead differently: all at the pace of the latest", () => {
    expect(placed(named("branches that look ahead by different amounts"))).toEqual([
      "narrow(0) 0/1",
      "wide(0) 0/2",
      "both.align(1,2) 0/2",
      "both.align.2(0,2) 0/2",
      "both(3,2,4) 0/2",
      "pool(5) 0/-",
    ]);
  });

  test("of equal changes are the same, and nothing is inserted", () => {
    const same = { padding: "same" } as const;
    const graph = network([
      conv("a", 0, same),
      conv("b", 0, { ...same, groups: 2 }),
      add("sum", 1, 2),
      conv("c", 0, { padding: "causal" }),
      conv("d", 4, same),
      add("all", 3, 5),
    ]);
    expect(placed(graph)).toEqual([
      "a(0) 0/1",
      "b(0) 0/1",
      "sum(1,2) 0/1",
      "c(0) 0/0",
      "d(4) 0/1",
      "all(3,5) 0/1",
    ]);
  });

  test("of a U-net: the skip waits for the slower half", () => {
    expect(placed(named("a U-net at half the rate, with a skip"))).toEqual([
      "stem(0) 0/1",
      "down(1) 0/2",
      "middle(2) 0/3",
      "up(3) 0/4",
      "skip.align(1,4) 0/4",
      "skip(4,5) 0/4",
      "head(6) 0/5",
    ]);
    const { lengths } = encodeNetwork(named("a U-net at half the rate, with a skip"));
    expect([lengths.near(7), lengths.near(8)]).toEqual([8, 8]);
  });

  test("of branches that are ahead by turns: both wait for a third pace", () => {
    const ops = placed(named("branches that are by turns ahead of each other"));
    expect(ops.filter((op) => op.startsWith("sum.pace"))).toHaveLength(2);
    expect(ops.filter((op) => op.startsWith("sum.align"))).toHaveLength(2);
  });

  test("of what is kept from an earlier stage need not be the same", () => {
    const graph = network([
      conv("ahead", 0, { padding: "same" }),
      reverse("flip", 0),
      add("sum", 2, 1),
    ]);
    expect(placed(graph)).toEqual([
      "ahead(0) 0/1",
      "input.copy(0) 0/0",
      "flip(2) 1/0",
      "sum(3,1) 1/0",
    ]);
  });

  test("of a block with a centred convolution: its gate's input waits", () => {
    const sizes = { inner: 8, states: 3, taps: 4, rank: 2, output: WIDTH, biases: true };
    const block = new NetworkMaker(3).mamba("m", 0, WIDTH, sizes);
    const graph = network([{ ...block, convolution: "centred" }, add("residual", 1, 0)]);
    expect(placed(graph)).toEqual([
      "m.in_proj.x(0) 0/0",
      "m.conv1d(1) 0/1",
      "m.x_proj(2) 0/1",
      "m.selective_scan(2,3) 0/1",
      "m.gate.align(0,4) 0/1",
      "m.gate(4,5) 0/1",
      "m.out_proj(6) 0/1",
      "residual(7,5) 0/1",
    ]);
  });
});

describe("a concat of many", () => {
  test("is a chain that reads each value once it is there", () => {
    const inputs = [1, 2, 3, 1, 2, 3, 1, 2];
    const slices = [0, 1, 2].map(
      (first): Op => ({ kind: "slice", name: `s${first}`, input: 0, first, width: 1 }),
    );
    const graph = network([...slices, { kind: "concat", name: "all", inputs }]);
    const ops = encodeNetwork(graph).ops.slice(3);
    expect(ops.map((op) => [op.inputs, op.width])).toEqual([
      [[1, 2, 3, 1], 4],
      [[4, 2, 3, 1], 7],
      [[5, 2], 8],
    ]);
  });
});

describe("lengths", () => {
  function lengthsOf(...ops: Op[]): [number, number] {
    const { minFrames, maxFrames } = encodeNetwork(network(ops)).lengths;
    return [minFrames, maxFrames];
  }

  const patches: Op = { kind: "unfold", name: "u", input: 0, window: 4, stride: 3 };

  test("follow from windows, tables, flatten heads and picked rows", () => {
    expect(lengthsOf(linear("a", 0, WIDTH, 2))).toEqual([1, 0]);
    expect(lengthsOf(conv("c", 0, { dilation: 2 }))).toEqual([5, 0]);
    expect(
      lengthsOf(patches, { kind: "pool", name: "p", input: 1, pool: "row", index: 2 }),
    ).toEqual([10, 0]);
    const table = tensor("t", 5, 4 * WIDTH);
    expect(lengthsOf(patches, { kind: "positions", name: "p", input: 1, table })).toEqual([4, 18]);
    expect(lengthsOf(patches, { kind: "flatten", name: "f", input: 1, rows: 5 })).toEqual([16, 18]);
    expect(lengthsOf({ kind: "transpose", name: "t", input: 0, rows: 9 })).toEqual([9, 9]);
    expect(lengthsOf({ kind: "pool", name: "p", input: 0, pool: "std", unbiased: true })).toEqual([
      2, 0,
    ]);
  });

  test("are as narrow as the network says", () => {
    const graph = { ...network([conv("c", 0)]), minFrames: 2, maxFrames: 40 };
    expect(encodeNetwork(graph).lengths).toMatchObject({ minFrames: 3, maxFrames: 40 });
  });
});

describe("what cannot meet is refused by name", () => {
  const half: Op = { kind: "window_pool", name: "half", input: 0, pool: "max", window: 2 };

  test.each<[string, Network, RegExp]>([
    ["rates", network([half, add("sum", 1, 0)]), /inputs of op sum.*500 and 1000 rows/],
    ["lengths", network([conv("conv", 0), add("sum", 1, 0)]), /op sum.*equally many rows.*same/],
    [
      "lengths of stages",
      network([conv("conv", 0), reverse("flip", 0), add("sum", 1, 2)]),
      /op sum.*equally many rows/,
    ],
    [
      "two fixed lengths",
      network([
        { kind: "flatten", name: "a", input: 0, rows: 5 },
        { kind: "flatten", name: "b", input: 0, rows: 6 },
        { kind: "concat", name: "all", inputs: [1, 2] },
      ]),
      /network: expected a length that suits all of its ops, got at least 6 frames \(for b\), at most 5 \(for a\)/,
    ],
    ["a pool of a vector", network([pool("a", 0, "max"), pool("b", 1, "max")]), /op b.*sequence/],
    [
      "a gate of both",
      network([
        pool("a", 0, "max"),
        {
          kind: "gate",
          name: "g",
          inputs: [0, 1],
          weight: tensor("g", WIDTH, WIDTH),
          activation: "silu",
        },
      ]),
      /inputs of op g/,
    ],
    ["tokens without an embedding", { ...network([half]), inputKind: "tokens" }, /op half.*tokens/],
    [
      "a late embedding",
      network([half, { kind: "embedding", name: "e", input: 0, weight: tensor("e", 9, WIDTH) }]),
      /op e/,
    ],
    ["an output that is not there", network([half], [{ name: "x", value: 2 }]), /output x/],
    [
      "outputs of one name",
      network(
        [half],
        [
          { name: "x", value: 1 },
          { name: "x", value: 1 },
        ],
      ),
      /two x/,
    ],
    ["labels of a sequence", { ...network([half]), labels: ["a"] }, /labels/],
  ])("%s", (_, graph, message) => {
    const write = () => writeBlob(graph);
    expect(write).toThrow(BadArgument);
    expect(write).toThrow(message);
  });
});
