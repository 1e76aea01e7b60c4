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

/** Shares of each recording of noise, by split: from and to. */
export const NOISE_SPANS: Readonly<
  Record<"train" | "validation" | "test", readonly [number, number]>
>;
/** What each of these reads is in ../shared/data. */
export function readLabels(name: "har" | "kws"): readonly string[];
export function readHarWindows(file: string): Float32Array[];
export function readKwsClips(split: string, labels: readonly string[]): (() => Float32Array)[];
/** Samples at 16 kHz. */
export function readAudioFile(path: string): Float32Array;
/** Paths, sorted. */
export function flacsIn(folder: string): string[];
/** Seconds of a part of each recording. */
export function cutSilences(
  paths: readonly string[],
  span: readonly [number, number],
): Float32Array[];

/** Needs the data. */
export function readTestSet(name: "har" | "kws"): TestSet;
