/** What a draft is made of: plain data. Knows nothing of how parts are found or put in order. */

export type PartKind =
  | "mamba"
  | "bimamba"
  | "mamba2"
  | "linear"
  | "conv1d"
  | "conv2d"
  | "gru"
  | "lstm"
  | "attention"
  | "norm"
  | "batchnorm"
  | "sequence_norm"
  | "embedding"
  | "positions"
  | "insert_row"
  | "activation"
  | "pool"
  /** Tensors that nothing tells the use of, or that are of what is not supported. */
  | "unknown";

/** Tensors that belong together: one operator, or what stands for one. */
export interface Part {
  readonly kind: PartKind;
  /** What its tensors' names begin with, or its own name. */
  readonly path: string;
  /** Elements of a row that it takes and gives; 0: any. */
  readonly takes: number;
  readonly gives: number;
  /** Of the operator in the arch file. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Sizes, for people: "8 → 16". */
  readonly what: string;
  readonly guesses: readonly string[];
  /** Of an unknown part: its tensors. */
  readonly names?: readonly string[];
}

export function isMamba({ kind }: Part): boolean {
  return kind === "mamba" || kind === "bimamba" || kind === "mamba2";
}

/** What sees other rows than its own, between a stem and the heads. */
export function isMixer(part: Part): boolean {
  return isMamba(part) || ["gru", "lstm", "attention"].includes(part.kind);
}

export function isNorm({ kind }: Part): boolean {
  return kind === "norm";
}
