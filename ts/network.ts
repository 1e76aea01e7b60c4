/**
 * The network between a checkpoint and a blob: a list of operators in execution order, each
 * reading values made by earlier ones. Plain data. Knows nothing of file formats, of packing, or
 * of how anything is computed.
 */

/** A weight: row-major float32 data with its PyTorch shape and the name it had in the checkpoint. */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * A value: 0 is the network's input, n is the output of `ops[n - 1]`. Every operator reads values
 * smaller than its own.
 */
export type Value = number;

export interface LinearOp {
  readonly kind: "linear";
  readonly name: string;
  readonly input: Value;
  /** [outFeatures, inFeatures] */
  readonly weight: Tensor;
  /** [outFeatures] */
  readonly bias?: Tensor;
}

/** One Mamba-1 block (Gu & Dao, arXiv 2312.00752, algorithm 2 and figure 3). */
export interface MambaOp {
  readonly kind: "mamba";
  readonly name: string;
  readonly input: Value;
  /** Weight [2 * dInner, dIn]: rows of x first, then rows of z. Bias [2 * dInner]. */
  readonly inProj: { readonly weight: Tensor; readonly bias?: Tensor };
  /** Weight [dInner, 1, dConv] or [dInner, dConv], bias [dInner]. */
  readonly conv1d: { readonly weight: Tensor; readonly bias?: Tensor };
  /** Weight [dtRank + 2 * dState, dInner]: rows of dt, then B, then C. */
  readonly xProj: { readonly weight: Tensor };
  /** Weight [dInner, dtRank], bias [dInner]. */
  readonly dtProj: { readonly weight: Tensor; readonly bias?: Tensor };
  /** [dInner, dState]; A = -exp(aLog). */
  readonly aLog: Tensor;
  /** [dInner] */
  readonly d: Tensor;
  /** Weight [dOut, dInner], bias [dOut]. Absent: the gated y itself is the output. */
  readonly outProj?: { readonly weight: Tensor; readonly bias?: Tensor };
}

export interface NormOp {
  readonly kind: "norm";
  readonly name: string;
  readonly input: Value;
  readonly norm: "rms" | "layer";
  readonly weight: Tensor;
  /** Only with "layer". */
  readonly bias?: Tensor;
  readonly eps: number;
}

export interface AddOp {
  readonly kind: "add";
  readonly name: string;
  readonly inputs: readonly [Value, Value];
}

/** Reduces the sequence to one row: everything after it runs once a sequence. */
export interface PoolOp {
  readonly kind: "pool";
  readonly name: string;
  readonly input: Value;
  readonly pool: "mean" | "last" | "max";
}

/** Only as the first operator; the network's input is then integer tokens. */
export interface EmbeddingOp {
  readonly kind: "embedding";
  readonly name: string;
  readonly input: 0;
  /** [vocabulary, dModel]. The same Tensor object as a linear's weight means tied weights. */
  readonly weight: Tensor;
}

export interface ActivationOp {
  readonly kind: "activation";
  readonly name: string;
  readonly input: Value;
  readonly activation: "silu" | "relu" | "gelu";
}

/**
 * Log-mel frames of audio (see frontend/logmel.ts for the tables). Only as the first operator; the
 * network's input is then samples.
 */
export interface LogmelOp {
  readonly kind: "logmel";
  readonly name: string;
  readonly input: 0;
  readonly sampleRateHz: number;
  /** 1 to the window's length. */
  readonly hopSamples: number;
  /** Least energy of a band, before the logarithm. */
  readonly energyFloor: number;
  /** [windowSamples] */
  readonly window: Tensor;
  /** [fftSamples / 2, 2]: cos and -sin of 2 pi k / fftSamples; a power of two >= windowSamples. */
  readonly twiddles: Tensor;
  /** [bands, 2]: first bin of each band's filter and its number of bins, as integers. */
  readonly filterBins: Tensor;
  /** The filters' weights, one behind the other. */
  readonly filters: Tensor;
}

/** y = x * scale + shift, channel by channel. */
export interface AffineOp {
  readonly kind: "affine";
  readonly name: string;
  readonly input: Value;
  /** [width] */
  readonly scale: Tensor;
  /** [width] */
  readonly shift: Tensor;
}

export type Op =
  | LinearOp
  | MambaOp
  | NormOp
  | AddOp
  | PoolOp
  | EmbeddingOp
  | ActivationOp
  | LogmelOp
  | AffineOp;

export interface Network {
  /** Width of one input frame; 1 for tokens and samples. */
  readonly inputWidth: number;
  /** "frames": float32 [T, inputWidth]. "tokens": int32 [T]. "samples": float32 [T] in [-1, 1). */
  readonly inputKind: "frames" | "tokens" | "samples";
  /** Exactly one of them is a pool; the last one's output is the logits. */
  readonly ops: readonly Op[];
  /** One name a logit, if known. */
  readonly labels?: readonly string[];
  /** The naming convention it was recognised by: "paper", "stack", "mamba_ssm", ... */
  readonly convention: string;
}
