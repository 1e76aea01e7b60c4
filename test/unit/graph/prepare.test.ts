/** BatchNorms and flatten heads beside layers: what goes into what, exactly, and what stays. */
import { describe, expect, test } from "vitest";
import type { BatchNormOp, Conv1dOp, LinearOp, Op } from "../../../ts/graph/network.js";
import { prepared } from "../../../ts/graph/prepare.js";
import { add, NetworkMaker } from "../core/networks.js";
import { conv, linear, network, tensor, WIDTH } from "./graphs.js";
import { plainOutputs } from "./plain.js";

function batchnorm(name: string, input: number, rest: Partial<BatchNormOp> = {}): BatchNormOp {
  const make = new NetworkMaker(9);
  return {
    kind: "batchnorm",
    name,
    input,
    weight: make.tensor(`${name}.weight`, [WIDTH], 0.3, 1),
    bias: make.tensor(`${name}.bias`, [WIDTH], 0.3),
    runningMean: make.tensor(`${name}.running_mean`, [WIDTH], 0.5),
    runningVar: make.tensor(`${name}.running_var`, [WIDTH], 0.3, 1),
    eps: 1e-5,
    ...rest,
  };
}

/** Kinds of the ops behind preparation, having checked that they compute the same. */
function kindsBehind(...ops: Op[]): string[] {
  const before = network(ops);
  const after = prepared(before);
  const input = new NetworkMaker(8).frames(9, WIDTH);
  const [expected, got] = [before, after].map((graph) => plainOutputs(graph, input).flat(2));
  const largest = Math.max(...expected!.map(Math.abs));
  expected!.forEach((value, i) => {
    expect(Math.abs(got![i]! - value)).toBeLessThan(1e-6 * largest);
  });
  return after.ops.map(({ kind }) => kind);
}

const same = { padding: "same" } as const;
const relu = (input: number): Op => ({
  kind: "activation",
  name: "relu",
  input,
  activation: "relu",
});

describe("a BatchNorm", () => {
  test("goes into the layer before it, whatever that pads with", () => {
    expect(kindsBehind(conv("c", 0, same), batchnorm("n", 1), relu(2))).toEqual([
      "conv1d",
      "activation",
    ]);
    expect(kindsBehind(linear("l", 0, WIDTH, WIDTH), batchnorm("n", 1), relu(2))).toEqual([
      "linear",
      "activation",
    ]);
  });

  test("goes into the linear layer behind it", () => {
    expect(kindsBehind(batchnorm("n", 0), linear("l", 1, WIDTH, 3))).toEqual(["linear"]);
  });

  test("is rounded once", () => {
    const [layer, norm] = [linear("l", 0, WIDTH, WIDTH) as LinearOp, batchnorm("n", 1)];
    const [made] = prepared(network([layer, norm, relu(2)])).ops as [LinearOp];
    const scale = Array.from(
      norm.runningVar.data,
      (variance, i) => norm.weight!.data[i]! / Math.sqrt(variance + norm.eps),
    );
    const expected = Array.from(layer.weight.data, (w, i) =>
      Math.fround(w * scale[Math.floor(i / WIDTH)]!),
    );
    expect(Array.from(made.weight.data)).toEqual(expected);
  });

  test("stays before a convolution, behind anything else, and where its layer has another reader", () => {
    expect(kindsBehind(batchnorm("n", 0), conv("c", 1, same))).toEqual(["batchnorm", "conv1d"]);
    expect(kindsBehind(relu(0), batchnorm("n", 1))).toEqual(["activation", "batchnorm"]);
    expect(kindsBehind(conv("c", 0, same), batchnorm("n", 1), add("a", 1, 2))).toEqual([
      "conv1d",
      "batchnorm",
      "add",
    ]);
  });

  test("stays where the layer is an output, or its weight serves another", () => {
    const layer = conv("c", 0, same);
    const ops = [layer, batchnorm("n", 1)];
    const outputs = [1, 2].map((value) => ({ name: `o${value}`, value }));
    expect(prepared(network(ops, outputs)).ops).toHaveLength(2);
    const tied: Conv1dOp = { ...layer, name: "tied", input: 2 };
    expect(prepared(network([...ops, tied])).ops).toHaveLength(3);
  });

  test("stays where its product would not be finite", () => {
    const runningVar = { ...tensor("v", WIDTH), data: new Float32Array(WIDTH) };
    const huge = { ...tensor("w", WIDTH), data: new Float32Array(WIDTH).fill(3e38) };
    const norm = batchnorm("n", 1, { runningVar, weight: huge });
    expect(prepared(network([conv("c", 0), norm])).ops).toHaveLength(2);
  });
});

describe("a linear layer behind a flatten", () => {
  test("takes each row as it comes, in either layout", () => {
    const flat = { kind: "flatten", name: "f", input: 0, rows: 9 } as const;
    const head = linear("l", 1, 9 * WIDTH, 3);
    expect(kindsBehind(flat, head)).toEqual(["flatten_linear"]);
    expect(kindsBehind({ ...flat, layout: "channel_time" }, head)).toEqual(["flatten_linear"]);
    expect(kindsBehind(flat, relu(1), { ...head, input: 2 } as Op)).toHaveLength(3);
  });
});
