/**
 * The models that are raced. Of the paper's form, which every peer can run: with the published
 * weights where they lie beside the checkout and random ones of the same shape otherwise, each with
 * an input and its float64 reference. And the bundled ones, for ours alone.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { referenceLogits } from "../test/property/reference.js";
import { writeBlob } from "../ts/blob/write.js";
import { readCheckpoint, readNpy, toNetwork } from "../ts/checkpoint/index.js";
import { foldNetwork } from "../ts/fold/index.js";
import type {
  ArithmeticOp,
  LinearOp,
  MambaOp,
  Network,
  NormOp,
  Op,
  Tensor,
} from "../ts/graph/network.js";
import { normalNumbers, type Uniform, uniformNumbers } from "./harness/random.js";

/** As trained, or with its linear layers folded together. */
export type Form = "plain" | "folded";

/** What our own contenders need. */
export interface OurModel {
  readonly id: string;
  readonly title: string;
  readonly weights: "published" | "random" | "bundled";
  readonly frames: number;
  /** float32 [frames, inputWidth], or samples */
  readonly input: Float32Array<ArrayBuffer>;
  readonly blobs: Readonly<Partial<Record<Form, Uint8Array>>>;
  /** float64 [logits], by the equations as they stand; absent for a bundled model. */
  readonly reference?: readonly number[];
}

export interface BenchModel extends OurModel {
  readonly networks: Readonly<Record<Form, Network>>;
  readonly blobs: Readonly<Record<Form, Uint8Array>>;
  readonly reference: readonly number[];
}

export interface Sizes {
  readonly features: number;
  readonly dModel: number;
  readonly classes: number;
  /** Default 16 and 4, as in the paper. */
  readonly dState?: number;
  readonly dConv?: number;
}

const EXPAND = 2;
const D_STATE = 16;
const D_CONV = 4;
const D_MODEL_A_DT_RANK = 16;

/** Where the published weights and inputs lie beside the checkout. */
export const PUBLISHED_KWS10 = "../shared/data/paper_kws10";
export const KWS10 = { id: "kws10", frames: 100, features: 40, classes: 10 } as const;

/** KWS-10 as published, and the two HAR sizes: windows of features, and raw samples. */
export function raceModels(root: string): BenchModel[] {
  return [
    kws10(root),
    randomModel("har-10x57", "HAR, 10 frames of 57", 10, { features: 57, dModel: 64, classes: 6 }),
    randomModel("har-128x9", "HAR, 128 frames of 9", 128, { features: 9, dModel: 64, classes: 6 }),
  ];
}

export function kws10(root: string): BenchModel {
  const { id, frames, features, classes } = KWS10;
  const title = "KWS-10, 100 frames of 40";
  const folder = join(root, PUBLISHED_KWS10);
  if (!existsSync(folder)) {
    return randomModel(id, title, frames, { features, dModel: 64, classes });
  }
  const network = toNetwork(readCheckpoint(readFileSync(join(folder, "model.safetensors"))));
  const inputs = readNpy(readFileSync(join(folder, "inputs.npy"))).data;
  const input = Float32Array.from(inputs.subarray(0, frames * features), Number);
  return complete({ id, title, weights: "published", frames, network, input });
}

function randomModel(id: string, title: string, frames: number, sizes: Sizes): BenchModel {
  const uniform = uniformNumbers(id.length * 1000 + frames);
  const network = paperNetwork(sizes, uniform);
  const input = normalNumbers(uniform, frames * sizes.features);
  return complete({ id, title, weights: "random", frames, network, input });
}

interface Parts extends Omit<OurModel, "blobs" | "reference"> {
  readonly network: Network;
}

function complete({ network, ...parts }: Parts): BenchModel {
  const networks = { plain: network, folded: foldNetwork(network).network };
  const blobs = { plain: writeBlob(networks.plain), folded: writeBlob(networks.folded) };
  return { ...parts, networks, blobs, reference: referenceLogits(network, parts.input) };
}

/** A second of noise for the keyword spotter, a window of movement for the activities. */
const BUNDLED = [
  { id: "kws", title: "bundled kws, 16,000 samples", frames: 98, elements: 16_000, scale: 1 / 16 },
  { id: "har", title: "bundled har, 128 frames of 9", frames: 128, elements: 128 * 9, scale: 1 },
] as const;

/** The trained models as they ship, front end included. */
export function bundledModels(root: string): OurModel[] {
  return BUNDLED.map(({ id, title, frames, elements, scale }) => ({
    id,
    title,
    weights: "bundled" as const,
    frames,
    input: normalNumbers(uniformNumbers(frames), elements).map((x) => scale * x),
    blobs: { plain: new Uint8Array(readFileSync(join(root, "ts/models", id, "model.mlm"))) },
  }));
}

/** linear, one Mamba block, mean over frames, linear. */
export function paperNetwork(sizes: Sizes, uniform: Uniform): Network {
  const { features, dModel, classes } = sizes;
  return network(sizes, [
    linear("linear_in", 0, dModel, features, uniform),
    mamba("mamba", 1, sizes, uniform),
    { kind: "pool", name: "pool", input: 2, pool: "mean" },
    linear("classifier", 3, classes, dModel, uniform),
  ]);
}

/** linear, residual blocks x + mixer(norm(x)), norm, mean over frames, linear. */
export function stackNetwork(sizes: Sizes, layers: number, uniform: Uniform): Network {
  const { features, dModel, classes } = sizes;
  const ops: Op[] = [linear("linear_in", 0, dModel, features, uniform)];
  for (let layer = 0; layer < layers; layer++) {
    const input = ops.length;
    ops.push(rmsNorm(`layers.${layer}.norm`, input, dModel));
    ops.push(mamba(`layers.${layer}.mixer`, input + 1, sizes, uniform));
    ops.push(sum(`layers.${layer}.add`, input, input + 2));
  }
  ops.push(rmsNorm("norm_f", ops.length, dModel));
  ops.push({ kind: "pool", name: "pool", input: ops.length, pool: "mean" });
  ops.push(linear("classifier", ops.length, classes, dModel, uniform));
  return network(sizes, ops);
}

function network({ features }: Sizes, ops: readonly Op[]): Network {
  return { inputKind: "frames", inputWidth: features, ops, convention: "paper" };
}

function mamba(name: string, input: number, sizes: Sizes, uniform: Uniform): MambaOp {
  const { dModel, dState = D_STATE, dConv = D_CONV } = sizes;
  const dInner = EXPAND * dModel;
  const rank = Math.ceil(dModel / D_MODEL_A_DT_RANK);
  const weight = (part: string, outputs: number, inputs: number, gain = 1) =>
    normalTensor(`${name}.${part}`, [outputs, inputs], gain / Math.sqrt(inputs), uniform);
  const each = (part: string, shape: readonly number[], value: (i: number) => number) =>
    tensor(`${name}.${part}`, shape, value);
  return {
    kind: "mamba",
    name,
    input,
    inProj: { weight: weight("in_proj.weight", 2 * dInner, dModel) },
    conv1d: {
      weight: normalTensor(`${name}.conv1d.weight`, [dInner, 1, dConv], dConv ** -0.5, uniform),
      bias: normalTensor(`${name}.conv1d.bias`, [dInner], 0.1, uniform),
    },
    xProj: { weight: weight("x_proj.weight", rank + 2 * dState, dInner, 2) },
    dtProj: {
      weight: weight("dt_proj.weight", dInner, rank),
      // Softplus makes of this steps between 0.007 and 0.13, as Mamba's own initialisation has them.
      bias: each("dt_proj.bias", [dInner], () => -5 + 3 * uniform()),
    },
    // A = -1, -2, ... -d_state in each channel: the S4D-real initialisation.
    aLog: each("A_log", [dInner, dState], (i) => Math.log(1 + (i % dState))),
    d: each("D", [dInner], () => 1),
    outProj: { weight: weight("out_proj.weight", dModel, dInner) },
  };
}

function linear(
  name: string,
  input: number,
  outputs: number,
  inputs: number,
  uniform: Uniform,
): LinearOp {
  return {
    kind: "linear",
    name,
    input,
    weight: normalTensor(`${name}.weight`, [outputs, inputs], inputs ** -0.5, uniform),
    bias: normalTensor(`${name}.bias`, [outputs], 0.1, uniform),
  };
}

function rmsNorm(name: string, input: number, width: number): NormOp {
  const weight = tensor(`${name}.weight`, [width], () => 1);
  return { kind: "norm", name, input, norm: "rms", weight, eps: 1e-5 };
}

function sum(name: string, first: number, second: number): ArithmeticOp {
  return { kind: "add", name, inputs: [first, second] };
}

function normalTensor(
  name: string,
  shape: readonly number[],
  deviation: number,
  uniform: Uniform,
): Tensor {
  const data = normalNumbers(uniform, elements(shape)).map((value) => value * deviation);
  return { name, shape, data };
}

function tensor(name: string, shape: readonly number[], value: (index: number) => number): Tensor {
  const data = Float32Array.from({ length: elements(shape) }, (_, index) => value(index));
  return { name, shape, data };
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
