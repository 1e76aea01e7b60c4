/**
 * Small networks with seeded weights, made by hand, for tests. Any sizes; no file is read. Knows
 * nothing of blobs or of the core.
 */
import type {
  ActivationOp,
  AffineOp,
  ArithmeticOp,
  EmbeddingOp,
  LinearOp,
  LogmelOp,
  MambaOp,
  Network,
  NormOp,
  PoolOp,
  Tensor,
} from "../../../ts/graph/network.js";

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export function uniformNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface MambaSizes {
  readonly inner: number;
  readonly states: number;
  readonly taps: number;
  readonly rank: number;
  /** Absent: no out_proj. */
  readonly output?: number;
  readonly biases: boolean;
}

/** Of a log-mel op: 1 <= hop <= window <= fft, a power of two; all in samples. */
export interface LogmelSizes {
  readonly fft: number;
  readonly window: number;
  readonly hop: number;
  readonly bands: number;
}

/** Makes tensors and ops with weights of about the size that training gives. */
export class NetworkMaker {
  readonly #uniform: () => number;

  constructor(seed: number) {
    this.#uniform = uniformNumbers(seed);
  }

  /** Uniform in [-scale, scale). */
  tensor(name: string, shape: readonly number[], scale: number, offset = 0): Tensor {
    const elements = shape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from(
      { length: elements },
      () => offset + (2 * this.#uniform() - 1) * scale,
    );
    return { name, shape, data };
  }

  linear(name: string, input: number, inputs: number, outputs: number, bias: boolean): LinearOp {
    return {
      kind: "linear",
      name,
      input,
      weight: this.tensor(`${name}.weight`, [outputs, inputs], 1 / Math.sqrt(inputs)),
      ...(bias && { bias: this.tensor(`${name}.bias`, [outputs], 0.3) }),
    };
  }

  norm(name: string, input: number, width: number, norm: "rms" | "layer", bias: boolean): NormOp {
    return {
      kind: "norm",
      name,
      input,
      norm,
      weight: this.tensor(`${name}.weight`, [width], 0.3, 1),
      ...(bias && { bias: this.tensor(`${name}.bias`, [width], 0.3) }),
      eps: 1e-5,
    };
  }

  mamba(name: string, input: number, width: number, sizes: MambaSizes): MambaOp {
    const { inner, states, taps, rank, output, biases } = sizes;
    const weight = (part: string, rows: number, columns: number) =>
      this.tensor(`${name}.${part}.weight`, [rows, columns], 1 / Math.sqrt(columns));
    const bias = (part: string, rows: number) =>
      biases ? { bias: this.tensor(`${name}.${part}.bias`, [rows], 0.3) } : {};
    return {
      kind: "mamba",
      name,
      input,
      inProj: { weight: weight("in_proj", 2 * inner, width), ...bias("in_proj", 2 * inner) },
      conv1d: {
        weight: this.tensor(`${name}.conv1d.weight`, [inner, 1, taps], 1 / Math.sqrt(taps)),
        ...bias("conv1d", inner),
      },
      xProj: { weight: weight("x_proj", rank + 2 * states, inner) },
      dtProj: {
        weight: weight("dt_proj", inner, rank),
        bias: this.tensor(`${name}.dt_proj.bias`, [inner], 1.5, -3),
      },
      aLog: this.tensor(`${name}.A_log`, [inner, states], 1, 1),
      d: this.tensor(`${name}.D`, [inner], 0.3, 1),
      ...(output !== undefined && {
        outProj: { weight: weight("out_proj", output, inner), ...bias("out_proj", output) },
      }),
    };
  }

  embedding(name: string, vocabulary: number, width: number): EmbeddingOp {
    const weight = this.tensor(`${name}.weight`, [vocabulary, width], 1);
    return { kind: "embedding", name, input: 0, weight };
  }

  affine(name: string, input: number, width: number): AffineOp {
    const scale = this.tensor(`${name}.scale`, [width], 0.3, 1);
    return {
      kind: "affine",
      name,
      input,
      scale,
      shift: this.tensor(`${name}.shift`, [width], 0.3),
    };
  }

  /** Bins of each band anywhere in the spectrum, of some bands none. */
  logmel(name: string, { fft, window, hop, bands }: LogmelSizes): LogmelOp {
    const bins = fft / 2 + 1;
    const below = (count: number) => Math.floor(this.#uniform() * count);
    const ranges = Array.from({ length: bands }, (_, band) => {
      const first = below(bins);
      return [first, band === 0 ? 1 : below(bins - first + 1)] as const;
    });
    const weights = ranges.reduce((sum, [, count]) => sum + count, 0);
    const angles = Array.from({ length: fft / 2 }, (_, k) => (2 * Math.PI * k) / fft);
    return {
      kind: "logmel",
      name,
      input: 0,
      sampleRateHz: 16_000,
      hopSamples: hop,
      energyFloor: 1e-3,
      window: this.tensor(`${name}.window`, [window], 0.5, 0.5),
      twiddles: {
        name: `${name}.twiddles`,
        shape: [fft / 2, 2],
        data: Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), -Math.sin(angle)])),
      },
      filterBins: {
        name: `${name}.filter_bins`,
        shape: [bands, 2],
        data: Float32Array.from(ranges.flat()),
      },
      filters: this.tensor(`${name}.filters`, [weights], 0.5, 0.5),
    };
  }

  /** float32 [frames, width], about N(0, 1). */
  frames(frames: number, width: number): Float32Array {
    return Float32Array.from({ length: frames * width }, () => {
      let sum = -6;
      for (let i = 0; i < 12; i++) sum += this.#uniform();
      return sum;
    });
  }

  /** int32 [frames] */
  tokens(frames: number, vocabulary: number): Int32Array {
    return Int32Array.from({ length: frames }, () => Math.floor(this.#uniform() * vocabulary));
  }
}

export function add(name: string, a: number, b: number): ArithmeticOp {
  return { kind: "add", name, inputs: [a, b] };
}

export function pool(name: string, input: number, kind: PoolOp["pool"]): PoolOp {
  return { kind: "pool", name, input, pool: kind };
}

export function activation(
  name: string,
  input: number,
  kind: ActivationOp["activation"],
): ActivationOp {
  return { kind: "activation", name, input, activation: kind };
}

/** linear_in, one mamba, mean pool, classifier: the network of the paper, with odd sizes. */
export function paperNetwork(seed = 1): Network {
  const make = new NetworkMaker(seed);
  const sizes = { inner: 14, states: 5, taps: 4, rank: 3, output: 7, biases: false };
  return {
    inputKind: "frames",
    inputWidth: 5,
    ops: [
      make.linear("linear_in", 0, 5, 7, true),
      make.mamba("mamba", 1, 7, sizes),
      pool("pool", 2, "mean"),
      make.linear("classifier", 3, 7, 3, true),
    ],
    labels: ["yes", "no", "grün"],
    convention: "paper",
  };
}

/** Embedding, two residual blocks, norm, last position, head tied to the embedding. */
export function tiedLanguageModel(seed = 2, vocabulary = 19, width = 6): Network {
  const make = new NetworkMaker(seed);
  const sizes = { inner: 12, states: 4, taps: 3, rank: 1, output: width, biases: false };
  const embedding = make.embedding("backbone.embedding", vocabulary, width);
  return {
    inputKind: "tokens",
    inputWidth: 1,
    ops: [
      embedding,
      make.norm("layers.0.norm", 1, width, "rms", false),
      make.mamba("layers.0.mixer", 2, width, sizes),
      add("layers.0.add", 1, 3),
      make.norm("layers.1.norm", 4, width, "rms", false),
      make.mamba("layers.1.mixer", 5, width, sizes),
      add("layers.1.add", 4, 6),
      make.norm("norm_f", 7, width, "rms", false),
      pool("pool", 8, "last"),
      { kind: "linear", name: "lm_head", input: 9, weight: embedding.weight },
    ],
    convention: "mamba_ssm",
  };
}

/** Log-mel frames of 12 samples, 5 apart; affine, one mamba, mean pool, classifier. */
export function audioNetwork(seed = 3): Network {
  const make = new NetworkMaker(seed);
  const sizes = { inner: 14, states: 5, taps: 4, rank: 3, output: 7, biases: false };
  return {
    inputKind: "samples",
    inputWidth: 1,
    ops: [
      make.logmel("logmel", { fft: 16, window: 12, hop: 5, bands: 6 }),
      make.affine("affine", 1, 6),
      make.mamba("mamba", 2, 6, sizes),
      pool("pool", 3, "mean"),
      make.linear("classifier", 4, 7, 3, true),
    ],
    labels: ["yes", "no", "grün"],
    convention: "test",
  };
}

/** MLM_EXP2_MIN of csrc/math/math4.h: the scan clamps its exponents there. */
export const EXP2_MIN = -125;

/**
 * One block in which the exponents of some frames and channels go below EXP2_MIN, and those of others
 * do not; `lowest` times dt is the lowest of a channel, with its sign turned.
 */
export function exponentsRunOut(
  states: number,
  frames: number,
): { network: Network; input: Float32Array; lowest: number } {
  const make = new NetworkMaker(8);
  const sizes = { inner: 24, states, taps: 4, rank: 3, output: 7, biases: false };
  const block = make.mamba("mamba", 0, 5, sizes);
  const lowest = Math.max(...block.aLog.data.map(Math.exp)) * Math.LOG2E;
  const bias = make.tensor("bias", [sizes.inner], 0.2, -EXP2_MIN / lowest);
  const network: Network = {
    inputKind: "frames",
    inputWidth: 5,
    ops: [{ ...block, dtProj: { ...block.dtProj, bias } }, pool("pool", 1, "mean")],
    convention: "paper",
  };
  return { network, input: make.frames(frames, network.inputWidth), lowest };
}
