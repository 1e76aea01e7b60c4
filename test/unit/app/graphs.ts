/** Graphs of networks to be drawn: those of the graph tests, and stacks of any number of layers. */
import { outputValuesIn } from "../../../ts/core/format.js";
import type { Op } from "../../../ts/graph/network.js";
import { createBlob, type Engine, type Network } from "../../../ts/node.js";
import { type NetworkGraph, networkGraph } from "../../../ts/profile/index.js";
import { add, NetworkMaker, pool } from "../core/networks.js";

const WIDTH = 8;

/** Layers x + mixer(norm(x)) between a linear layer and a head. */
export function stackNetwork(layers: number): Network {
  const make = new NetworkMaker(9);
  const sizes = { inner: 16, states: 4, taps: 4, rank: 1, output: WIDTH, biases: false };
  const ops: Op[] = [make.linear("in", 0, WIDTH, WIDTH, true)];
  for (let i = 0; i < layers; i++) {
    const x = ops.length;
    ops.push(make.norm(`layers.${i}.norm`, x, WIDTH, "rms", false));
    ops.push(make.mamba(`layers.${i}.mixer`, x + 1, WIDTH, sizes));
    ops.push(add(`layers.${i}.add`, x, x + 2));
  }
  ops.push(pool("pool", ops.length, "mean"));
  ops.push(make.linear("head", ops.length, WIDTH, 3, true));
  return { inputKind: "frames", inputWidth: WIDTH, ops, convention: "test" };
}

export async function graphOf(engine: Engine, network: Network): Promise<NetworkGraph> {
  const blob = await createBlob(engine, network);
  const model = await engine.loadModel(blob);
  try {
    return networkGraph(model, outputValuesIn(blob));
  } finally {
    model.dispose();
  }
}
