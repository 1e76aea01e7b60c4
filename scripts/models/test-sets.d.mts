/** A bundled model's test set, in the order of test/golden/trained. */
export interface TestSet {
  readonly labels: readonly string[];
  readonly inputs: readonly Float32Array[];
  /** Index of each input's label. */
  readonly classes: readonly number[];
  /** The logits of float32 PyTorch. */
  readonly reference: readonly Float32Array[];
}

/** Folder of the data sets, and whether they are there. */
export const DATA: string;
export const hasData: boolean;

/** Needs the data. */
export function readTestSet(name: "har" | "kws"): TestSet;
