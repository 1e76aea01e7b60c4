/**
 * The structs of csrc/include/mlm.h and mlm_inspect.h as this package reads them: the names of their 32-bit words in
 * order. A test compares them with the headers.
 */

export const FAULT = ["index", "needed", "have"] as const;

export const MODEL_INFO = [
  "inputKind",
  "inputWidth",
  "outputs",
  "minFrames",
  "maxFrames",
  "needsMaxFrames",
  "looksAhead",
  "labels",
  "blobBytes",
  "crc32",
  "selfTestInputs",
  "vocabulary",
  "sampleRateHz",
  "windowSamples",
  "hopSamples",
] as const;

/** `name` is an address. */
export const OUTPUT_INFO = ["name", "width", "isSequence"] as const;

/** `kind` and `type` are addresses; `exponent` has a sign. */
export const OP_INFO = [
  "kind",
  "variant",
  "inputs0",
  "inputs1",
  "inputs2",
  "inputs3",
  "width",
  "isSequence",
  "stage",
  "isBarrier",
  "attributes0",
  "attributes1",
  "attributes2",
  "attributes3",
  "attributes4",
  "attributes5",
  "attributes6",
  "attributes7",
  "parameters",
  "type",
  "exponent",
] as const;

/** `name`, `dtype` and `packing` are addresses. */
export const TENSOR_INFO = ["name", "dtype", "packing", "rows", "columns", "bytes"] as const;

/** `name` is an address. */
export const OPERATOR_INFO = ["op", "part", "outputWidth", "name"] as const;

/** 64-bit numbers. */
export const COUNTS = ["macs", "exps", "bytesRead", "bytesWritten"] as const;

export const PLAN = [
  "arenaBytes",
  "minimumBytes",
  "stateBytes",
  "sessionBytes",
  "scratchBytes",
  "ioBytes",
  "wholeBytes",
  "inputBytes",
  "outputBytes",
  "tile",
  "bufferCount",
] as const;

/** `output` is an address. */
export const STEP = [
  "operatorIndex",
  "rows",
  "firstRow",
  "firstChannel",
  "width",
  "stride",
  "type",
  "exponent",
  "output",
] as const;

export type Struct<Fields extends readonly string[]> = Readonly<Record<Fields[number], number>>;

/** The words of a struct by name. */
export function readStruct<const Fields extends readonly string[]>(
  fields: Fields,
  words: Uint32Array,
): Struct<Fields> {
  return Object.fromEntries(fields.map((field, i) => [field, words[i]!])) as Struct<Fields>;
}
