/**
 * What tensors cannot tell and a file did not say, in a sentence each, for `inspect` and the page. A network
 * that was trained otherwise gives wrong numbers: people should see what was taken for granted.
 */
import type { OpKind } from "../graph/descriptors/index.js";

/** Sentences by kind and field; `value` is the default that was taken. */
const SENTENCES: Readonly<Record<string, (value: unknown) => string>> = {
  "norm.eps": (value) => `The eps of norms is ${value}.`,
  "batchnorm.eps": (value) => `The eps of BatchNorm is ${value}.`,
  "sequence_norm.eps": (value) => `The eps of GroupNorm and InstanceNorm is ${value}.`,
  "mamba.xProjOrder": () => "Rows of a Mamba block's x_proj make dt, B and C, in this order.",
  "mamba.gate": () => "The gate of a Mamba block is SiLU of z.",
  "mamba.convolution": () => "The convolution of a Mamba block is causal.",
  "mamba.convActivation": () => "Behind the convolution of a Mamba block is SiLU.",
  "mamba.scanNorm.eps": () => "dt, B and C of a Mamba block are not normed.",
  "mamba2.groups": () => "All heads of a Mamba-2 block share B and C.",
  "mamba2.leastDt": () => "dt of a Mamba-2 block has no limits.",
  "mamba2.normEps": (value) => `The eps of the norm beside a Mamba-2 block's gate is ${value}.`,
  "mamba2.normGroups": () => "The norm beside a Mamba-2 block's gate is of all channels together.",
  "mamba2.normPlace": () => "The norm beside a Mamba-2 block's gate is behind it.",
};

export const ASSUMED = {
  rms: "Norms without a bias are RMS norms.",
  added: "The outputs of the two directions of a bimamba are added, not averaged.",
  normBefore: "A layer is x + mixer(norm(x)): the norm is before the block.",
  residual: "What a layer makes is added to what it was given.",
  noResidual: "The block stands alone: no norm, no residual and no activation beside it.",
  order: (convention: string) =>
    `The file is a whole module without the order of its forward pass: it is taken from the ${convention} convention.`,
  pooling: (pool: string) => POOLINGS[pool] ?? `Rows become one by their ${pool}.`,
} as const;

const POOLINGS: Readonly<Record<string, string>> = {
  mean: "The classifier sees the mean of all rows.",
  last: "The output is that of the last row.",
};

export function assumptionOf(kind: OpKind, field: string, value: unknown): string | undefined {
  return SENTENCES[`${kind}.${field}`]?.(value);
}
