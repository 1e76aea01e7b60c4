/**
 * The structs of csrc/include/mlm.h as this package reads them: the names of their 32-bit words in
 * order. A test compares them with the header.
 */

export const FAULT = ["index", "needed", "have"] as const;

export const MODEL_INFO = [
  "inputKind",
  "inputWidth",
  "logits",
  "ops",
  "tensors",
  "labels",
  "blobBytes",
  "weightsBytes",
  "crc32",
  "selfTestFrames",
  "vocabulary",
  "sampleRateHz",
  "windowSamples",
  "hopSamples",
] as const;

export const OP_INFO = [
  "kind",
  "variant",
  "inputs0",
  "inputs1",
  "inputWidth",
  "outputWidth",
  "dInner",
  "dState",
  "dConv",
  "dtRank",
  "hasOutProj",
  "parameters",
] as const;

/** `name` is an address. */
export const TENSOR_INFO = ["name", "rows", "columns", "packing", "bytes"] as const;

/** `part` is an address. */
export const OPERATOR_INFO = ["op", "kind", "outputWidth", "part"] as const;

/** 64-bit numbers. */
export const COUNTS = ["macs", "exps", "bytesRead", "bytesWritten"] as const;

export const PLAN = [
  "arenaBytes",
  "minimumBytes",
  "stateBytes",
  "sessionBytes",
  "scratchBytes",
  "ioBytes",
  "inputBytes",
  "outputBytes",
  "tile",
  "channelChunk",
  "bufferCount",
] as const;

/** `output` is an address. */
export const STEP = [
  "operatorIndex",
  "frames",
  "firstChannel",
  "width",
  "stride",
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
