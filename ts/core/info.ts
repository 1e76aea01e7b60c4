/**
 * What an opened model says about itself: its sizes, ops, tensors and operators, in the words of
 * this package. Everything is read from the core; nothing is computed here.
 */
import { type Core, type OptionWords, STATUS_OK } from "./core.js";
import { BadArgument, BadModel } from "./errors.js";
import { type Schedule, scheduleWord } from "./plan.js";
import { COUNTS } from "./structs.js";

export interface ModelInfo {
  /** "frames": float32 [T, inputWidth]. "tokens": int32 [T]. "samples": float32 [T] in [-1, 1). */
  readonly inputKind: "frames" | "tokens" | "samples";
  /** Elements of one input frame; 1 for tokens and samples. */
  readonly inputWidth: number;
  /** Elements of the output. */
  readonly logits: number;
  /** Number of ops and tensors. */
  readonly ops: number;
  readonly tensors: number;
  readonly blobBytes: number;
  /** Bytes of tensor data in the blob, padding included. */
  readonly weightsBytes: number;
  /** CRC-32 of the blob, as stored in it. */
  readonly crc32: number;
  /** Frames, tokens or samples of the self-test vector; 0: there is none. */
  readonly selfTestFrames: number;
  /** Tokens are 0 .. vocabulary - 1; 0 when the input is not tokens. */
  readonly vocabulary: number;
  /** Of samples, otherwise 0: frame t covers samples [t hopSamples, t hopSamples + windowSamples). */
  readonly sampleRateHz: number;
  readonly windowSamples: number;
  readonly hopSamples: number;
}

export type OpKind =
  | "linear"
  | "mamba"
  | "norm"
  | "add"
  | "pool"
  | "embedding"
  | "activation"
  | "logmel"
  | "affine";

/** norm: rms, layer. pool: mean, last, max. activation: silu, relu, gelu. Otherwise "". */
export type OpVariant = "rms" | "layer" | "mean" | "last" | "max" | "silu" | "relu" | "gelu" | "";

export interface OpInfo {
  readonly name: string;
  readonly kind: OpKind;
  readonly variant: OpVariant;
  /** Values it reads: 0 is the model's input, n the output of op n - 1. Two for "add". */
  readonly inputs: readonly number[];
  readonly inputWidth: number;
  readonly outputWidth: number;
  /** Sizes of a "mamba", otherwise 0. */
  readonly dInner: number;
  readonly dState: number;
  readonly dConv: number;
  readonly dtRank: number;
  /** False for a "mamba" whose gated y itself is the output, and for other kinds. */
  readonly hasOutProj: boolean;
  /** Weights as trained, without padding; 0 for front ends, whose constants are not trained. */
  readonly parameters: number;
}

/** How a tensor lies in the blob; see csrc/core/blob.h. */
export type Packing = "vector" | "panels" | "groups" | "words";

export interface TensorInfo {
  readonly name: string;
  /** [rows] or [rows, columns], without padding. */
  readonly shape: readonly number[];
  readonly packing: Packing;
  /** In the blob, padding included. */
  readonly bytes: number;
}

/** The smallest step that can be executed, timed and counted on its own. */
export interface OperatorInfo {
  /** The op's name, or `${op}.${part}` where an op is several operators. */
  readonly name: string;
  /** Index of its op in `Model.ops`. */
  readonly op: number;
  /** "" where the op is one operator, else "in_proj.x", "conv1d", "selective_scan", ... */
  readonly part: string;
  /** Elements a frame that it produces. */
  readonly outputWidth: number;
}

/** Exact totals of one operator over a whole sequence, as the core executes it. */
export interface OperatorCounts {
  readonly name: string;
  /** Multiplications, each with the addition that follows it if there is one. */
  readonly macs: number;
  /** Exponentials and logarithms evaluated. */
  readonly exps: number;
  /** From and to buffers and weights; weights are read once a tile. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

const INPUT_KINDS = ["frames", "tokens", "samples"] as const;
const PACKINGS: readonly Packing[] = ["vector", "panels", "groups", "words"];
/** By mlm_op_kind, which starts at 1. */
const OP_KINDS: readonly (OpKind | undefined)[] = [
  undefined,
  "linear",
  "mamba",
  "norm",
  "add",
  "pool",
  "embedding",
  "activation",
  "logmel",
  "affine",
];
const VARIANTS: Readonly<Partial<Record<OpKind, readonly OpVariant[]>>> = {
  norm: ["rms", "layer"],
  pool: ["mean", "last", "max"],
  activation: ["silu", "relu", "gelu"],
};

export function readInfo(core: Core): ModelInfo {
  const { labels: _, inputKind, ...numbers } = core.modelInfo();
  return Object.freeze({ ...numbers, inputKind: INPUT_KINDS[inputKind]! });
}

export function readLabels(core: Core): readonly string[] {
  return Object.freeze(listOf(core.modelInfo().labels, (index) => core.label(index)));
}

/** What is printed or compared is walked by recursion. */
const MAX_METADATA_DEPTH = 32;

function isDeeperThan(value: object, most: number): boolean {
  let level: object[] = [value];
  for (let depth = 0; depth < most && level.length > 0; depth++) {
    level = level
      .flatMap((item) => Object.values(item) as unknown[])
      .filter((item) => typeof item === "object" && item !== null);
  }
  return level.length > 0;
}

/** @throws BadModel when the metadata is not a JSON object, or too deep a one. */
export function readMetadata(core: Core): Record<string, unknown> {
  const text = core.metadata();
  if (text === "") return {};
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadModel("MLM_ERR_FORMAT", "the metadata is not a JSON object");
  }
  if (isDeeperThan(value, MAX_METADATA_DEPTH)) {
    throw new BadModel("MLM_ERR_FORMAT", `the metadata is nested beyond ${MAX_METADATA_DEPTH}`);
  }
  return value as Record<string, unknown>;
}

export function readOps(core: Core, count: number): readonly OpInfo[] {
  return Object.freeze(listOf(count, (index) => readOp(core, index)));
}

export function readTensors(core: Core, count: number): readonly TensorInfo[] {
  return Object.freeze(
    listOf(count, (index) => {
      const { name, rows, columns, packing, bytes } = core.tensorInfo(index);
      const kind = PACKINGS[packing]!;
      return {
        name,
        shape: columns === 1 && kind !== "panels" && kind !== "groups" ? [rows] : [rows, columns],
        packing: kind,
        bytes,
      };
    }),
  );
}

/** @throws BadArgument for an unknown schedule. */
export function readOperators(core: Core, schedule: Schedule): OperatorInfo[] {
  const word = scheduleWord(schedule);
  return listOf(core.functions.operator_count(word), (index) => {
    const { op, part, outputWidth } = core.operatorInfo(word, index);
    const opName = core.opName(op);
    return { name: part === "" ? opName : `${opName}.${part}`, op, part, outputWidth };
  });
}

/** @throws BadArgument when a count is beyond the integers that a number holds exactly. */
export function readCounts(
  core: Core,
  operators: readonly OperatorInfo[],
  options: OptionWords,
  frames: number,
): OperatorCounts[] {
  return operators.map(({ name }, index) => {
    const { status, counts } = core.operatorCounts(options, frames, index);
    if (status !== STATUS_OK) {
      throw new BadArgument(
        "frames",
        "a number of frames within the options",
        `${frames} (${core.statusName(status)})`,
      );
    }
    return {
      name,
      ...(Object.fromEntries(
        COUNTS.map((field, i) => [field, exactNumber(counts[i]!, frames)]),
      ) as Record<(typeof COUNTS)[number], number>),
    };
  });
}

function readOp(core: Core, index: number): OpInfo {
  const { kind, variant, inputs0, inputs1, hasOutProj, ...sizes } = core.opInfo(index);
  const opKind = OP_KINDS[kind]!;
  return {
    name: core.opName(index),
    kind: opKind,
    variant: VARIANTS[opKind]?.[variant] ?? "",
    inputs: opKind === "add" ? [inputs0, inputs1] : [inputs0],
    hasOutProj: hasOutProj !== 0,
    ...sizes,
  };
}

function listOf<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function exactNumber(count: bigint, frames: number): number {
  if (count > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new BadArgument("frames", "few enough frames to count exactly", String(frames));
  }
  return Number(count);
}
