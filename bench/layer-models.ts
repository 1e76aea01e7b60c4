/**
 * The paper's network, linear, a layer over the frames, mean, linear, with Mamba-1, Mamba-2 or a GRU for the layer, in
 * the sizes of KWS-10 and with random weights: what the layers cost beside each other. Knows nothing of who runs them.
 */
import { NetworkMaker, pool } from "../test/unit/core/networks.js";
import { writeBlob } from "../ts/blob/write.js";
import type { GruOp, Mamba2Op, Network, Op, Tensor } from "../ts/graph/network.js";
import { paperWeights } from "./contenders/paper-weights.js";
import type { PortCall } from "./contenders/straightforward.js";
import { KWS10 } from "./models.js";

export interface LayerModel {
  readonly id: "mamba" | "mamba2" | "gru";
  readonly title: string;
  readonly network: Network;
  readonly blob: Uint8Array;
  readonly frames: number;
  readonly input: Float32Array;
  readonly logits: number;
  /** Of a row's recurrence: [channels × states]; of a GRU its hidden channels. */
  readonly states: number;
  /** Operators of the recurrence alone. */
  readonly recurrence: readonly string[];
  /** What the straightforward port wants, in its order. */
  readonly sizes: readonly number[];
  readonly tensors: readonly Tensor[];
}

/** What a state of Mamba-2 may cost beside one of Mamba-1. */
export const MOST_TIMES_MAMBA_1 = 1.15;

const { frames: FRAMES, features: FEATURES, classes: CLASSES } = KWS10;
const D_MODEL = 64;
const INNER = 128;
const STATES = 16;
const TAPS = 4;
const RANK = 4;
/** Of 64 channels, as mamba_ssm has them. */
const HEADS = 2;
const SEED = 18;

export function layerModels(): LayerModel[] {
  const make = new NetworkMaker(SEED);
  const input = make.frames(FRAMES, FEATURES);
  return [mamba(make), mamba2(make), gru(make)].map(({ layer, width, ...rest }) => {
    const classifier = make.linear("classifier", 3, width, CLASSES, true);
    const ops: Op[] = [
      make.linear("linear_in", 0, FEATURES, D_MODEL, true),
      layer,
      pool("pool", 2, "mean"),
      classifier,
    ];
    const inputKind = "frames" as const;
    const network = { inputKind, inputWidth: FEATURES, ops, convention: "random" };
    const parts = { network, blob: writeBlob(network), frames: FRAMES, input, logits: CLASSES };
    return { ...rest, ...parts, ...portOf(network) };
  });
}

/** How the layer's straightforward port in WebAssembly is called. */
export function portCallOf({ id, sizes, tensors, frames, input, logits }: LayerModel): PortCall {
  const call = { sizes, tensors, frames, input, logits };
  if (id === "mamba") {
    return { file: "straightforward.wasm", run: "run", memory: "memory_floats", ...call };
  }
  return { file: "layers.wasm", run: id, memory: `${id}_memory`, ...call };
}

interface Layer extends Pick<LayerModel, "id" | "title" | "states" | "recurrence"> {
  readonly layer: Op;
  readonly width: number;
}

function mamba(make: NetworkMaker): Layer {
  const sizes = { inner: INNER, states: STATES, taps: TAPS, rank: RANK, output: D_MODEL };
  const block = make.mamba("mamba", 1, D_MODEL, { ...sizes, biases: false });
  const bias = make.tensor("mamba.conv1d.bias", [INNER], 0.1);
  return {
    id: "mamba",
    title: `Mamba-1, ${INNER} × ${STATES}`,
    layer: { ...block, conv1d: { ...block.conv1d!, bias } },
    width: D_MODEL,
    states: INNER * STATES,
    recurrence: ["mamba.selective_scan"],
  };
}

/** As `mamba_ssm.Mamba2` makes it: one group, D a head, the norm behind the gate. */
function mamba2(make: NetworkMaker): Layer {
  const name = "mamba2";
  const convolved = INNER + 2 * STATES;
  const tensor = (part: string, shape: readonly number[], scale: number, offset = 0) =>
    make.tensor(`${name}.${part}`, shape, scale, offset);
  const layer: Mamba2Op = {
    kind: "mamba2",
    name,
    input: 1,
    inProj: {
      weight: tensor("in_proj.weight", [INNER + convolved + HEADS, D_MODEL], D_MODEL ** -0.5),
    },
    conv1d: {
      weight: tensor("conv1d.weight", [convolved, 1, TAPS], TAPS ** -0.5),
      bias: tensor("conv1d.bias", [convolved], 0.1),
    },
    aLog: tensor("A_log", [HEADS], 1, 1),
    dtBias: tensor("dt_bias", [HEADS], 1.5, -3),
    d: tensor("D", [HEADS], 0.3, 1),
    normWeight: tensor("norm.weight", [INNER], 0.3, 1),
    outProj: { weight: tensor("out_proj.weight", [D_MODEL, INNER], INNER ** -0.5) },
  };
  return {
    id: "mamba2",
    title: `Mamba-2, ${INNER} × ${STATES}, ${HEADS} heads`,
    layer,
    width: D_MODEL,
    states: INNER * STATES,
    // Its steps, too, which a Mamba-1 block has in an operator of its own.
    recurrence: [`${name}.dt`, `${name}.ssd_scan`],
  };
}

function gru(make: NetworkMaker): Layer {
  const gates = 3 * INNER;
  const tensor = (part: string, shape: readonly number[]) =>
    make.tensor(`gru.${part}_l0`, shape, INNER ** -0.5);
  const layer: GruOp = {
    kind: "gru",
    name: "gru",
    input: 1,
    weightIh: tensor("weight_ih", [gates, D_MODEL]),
    weightHh: tensor("weight_hh", [gates, INNER]),
    biasIh: tensor("bias_ih", [gates]),
    biasHh: tensor("bias_hh", [gates]),
  };
  const title = `GRU, ${INNER} hidden channels`;
  return { id: "gru", title, layer, width: INNER, states: INNER, recurrence: ["gru"] };
}

/** Sizes and weights as the straightforward port of the layer wants them. */
function portOf(network: Network): Pick<LayerModel, "sizes" | "tensors"> {
  const [linearIn, layer, , classifier] = network.ops;
  if (linearIn?.kind !== "linear" || classifier?.kind !== "linear") throw new Error("not a layer");
  const all = (tensors: readonly (Tensor | undefined)[]) =>
    [linearIn, ...tensors, classifier].flatMap((part) => {
      if (part === undefined) throw new Error("a layer without one of its tensors");
      return "kind" in part ? [part.weight, part.bias!] : [part];
    });
  if (layer?.kind === "mamba2") {
    const { inProj, conv1d, aLog, dtBias, d, normWeight, outProj } = layer;
    const scan = [aLog, dtBias, d, normWeight, outProj?.weight];
    return {
      sizes: [FEATURES, D_MODEL, INNER, STATES, TAPS, HEADS, CLASSES],
      tensors: all([inProj.weight, conv1d.weight, conv1d.bias, ...scan]),
    };
  }
  if (layer?.kind === "gru") {
    const { weightIh, weightHh, biasIh, biasHh } = layer;
    return {
      sizes: [FEATURES, D_MODEL, INNER, CLASSES],
      tensors: all([weightIh, weightHh, biasIh, biasHh]),
    };
  }
  return paperWeights(network);
}
