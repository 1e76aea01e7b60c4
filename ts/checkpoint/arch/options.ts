/** What an arch file may say of a convention's network: all that tensors alone cannot tell. Plain data. */

export interface ConventionOptions {
  /** Of all norms; default 1e-5. */
  readonly eps?: number;
  /** Default: layer where there is a bias. */
  readonly norm?: "rms" | "layer";
  /** before: x + mixer(norm(x)), the default; after: norm(x + mixer(x)). */
  readonly normPlace?: "before" | "after";
  /** Whether x is added to what a layer makes of it; default true. */
  readonly residual?: boolean;
  /** How rows become one; default: as the convention has it. "none": every row is an output. */
  readonly pooling?: string;
  /** Fields of every Mamba block. */
  readonly mamba?: Readonly<Record<string, unknown>>;
  /** Fields of every Mamba-2 block. */
  readonly mamba2?: Readonly<Record<string, unknown>>;
}

export const CONVENTION_OPTIONS = [
  ...["eps", "norm", "normPlace", "residual", "pooling", "mamba", "mamba2"],
];
