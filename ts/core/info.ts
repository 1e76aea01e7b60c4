/**
 * What an opened model says about itself: its sizes, ops, tensors and operators, in the words of
 * this package. Everything is read from the core; nothing is computed here.
 */
import { type Core, type OptionWords, STATUS_OK } from "./core.js";
import { BadArgument, BadInput, BadModel } from "./errors.js";
import { INPUT_KIND } from "./format.js";
import type { InputShape } from "./input.js";
import { type Schedule, scheduleWord } from "./plan.js";
import { COUNTS } from "./structs.js";

/** One of a network's results. */
export interface OutputInfo {
  readonly name: string;
  /** Elements of a row. */
  readonly width: number;
  /** True: rows over time; false: one row a sequence, made by `finish`. */
  readonly isSequence: boolean;
}

/**
 * By `inputKind`: "frames" are float32 [T, inputWidth], "tokens" int32 [T] and have a `vocabulary`, "samples" float32
 * [T] in [-1, 1) and have a rate, a window and a hop.
 */
export type ModelInfo = InputShape & AnyModelInfo;

interface AnyModelInfo {
  /** Samples are rounded to 16 bits on their way into the core, which takes them as a microphone gives them. */
  readonly takes16Bits: boolean;
  readonly outputs: readonly OutputInfo[];
  /** Frames that the network is defined for; `maxFrames` 0: any number from `minFrames` on. */
  readonly minFrames: number;
  readonly maxFrames: number;
  /** Part of the network sees a whole sequence at once: a session needs a `maxFrames` under every schedule. */
  readonly needsMaxFrames: boolean;
  /** `finish` ends the sequence: `reset` comes before any further push. */
  readonly looksAhead: boolean;
  readonly blobBytes: number;
  /** CRC-32 of the blob, as stored in it. */
  readonly crc32: number;
  /** Frames, tokens or samples of the self-test; 0: there is none. */
  readonly selfTestInputs: number;
}

/** A record of the blob: one primitive, which makes one value. */
export interface OpInfo {
  readonly name: string;
  /** The core's name of its class: "linear", "selective_scan", ... */
  readonly kind: string;
  /** Of the class, as its kernel file says. */
  readonly variant: number;
  /** Values it reads: 0 is the model's input, n the output of op n - 1. */
  readonly inputs: readonly number[];
  /** Elements of a row of its output. */
  readonly width: number;
  /** Whether its output is rows over time or one row. */
  readonly isSequence: boolean;
  /** 0: runs as frames come in; n: behind n barriers, when the sequence has ended. */
  readonly stage: number;
  /** Its output is there only when all of its input is. */
  readonly isBarrier: boolean;
  /** Of the class; floats as their bits. */
  readonly attributes: readonly number[];
  /** Weights as trained, without padding; 0 for front ends, whose constants are not trained. */
  readonly parameters: number;
  /** Number type of its output: "f32", or of integers "i16" and "i32". */
  readonly type: string;
  /** Of integers: an element q is q 2^-exponent. */
  readonly exponent: number;
}

export interface TensorInfo {
  readonly name: string;
  /** [rows] or [rows, columns], without padding. */
  readonly shape: readonly number[];
  /** "f32", "i8", "i16", "i32" or "u32". */
  readonly dtype: string;
  /** How it lies in the blob: "vector", "panels", "groups", ...; see csrc/kernels/records.h. */
  readonly packing: string;
  /** In the blob, padding included. */
  readonly bytes: number;
}

/** The smallest step that can be executed, timed and counted on its own. */
export interface OperatorInfo {
  /**
   * The op's name; where an op is several operators, `${op}.${part}`, but parts of an op that is called as one
   * of them, such as "layers.0.mixer.selective_scan", stand beside each other: "layers.0.mixer.dt_proj".
   */
  readonly name: string;
  /** Index of its op in `Model.ops`. */
  readonly op: number;
  /** "" where the op is one operator, else "dt_proj", "selective_scan", ... */
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

const INPUT_KINDS = ["frames", "tokens", "samples", "samples"] as const;
const NO_VALUE = 0xffff;

export function readInfo(core: Core): ModelInfo {
  const {
    labels: _,
    inputKind,
    inputWidth,
    outputs,
    needsMaxFrames,
    looksAhead,
    ...more
  } = core.modelInfo();
  const { vocabulary, sampleRateHz, windowSamples, hopSamples, ...numbers } = more;
  const kind = INPUT_KINDS[inputKind]!;
  const ofKind = {
    frames: { inputKind: "frames" },
    tokens: { inputKind: "tokens", vocabulary },
    samples: { inputKind: "samples", sampleRateHz, windowSamples, hopSamples },
  } as const;
  return Object.freeze({
    ...numbers,
    ...ofKind[kind],
    inputWidth,
    takes16Bits: inputKind === INPUT_KIND.samples16,
    outputs: listOf(outputs, (index) => readOutput(core, index)),
    needsMaxFrames: needsMaxFrames !== 0,
    looksAhead: looksAhead !== 0,
  });
}

function readOutput(core: Core, index: number): OutputInfo {
  const { isSequence, ...info } = core.outputInfo(index);
  return { ...info, isSequence: isSequence !== 0 };
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

export function readOps(core: Core): readonly OpInfo[] {
  return Object.freeze(listOf(core.functions.op_count(), (index) => readOp(core, index)));
}

export function readTensors(core: Core): readonly TensorInfo[] {
  return Object.freeze(
    listOf(core.functions.tensor_count(), (index) => {
      const { rows, columns, ...info } = core.tensorInfo(index);
      return { ...info, shape: info.packing === "vector" ? [rows] : [rows, columns] };
    }),
  );
}

/** @throws BadArgument for an unknown schedule. */
export function readOperators(core: Core, schedule: Schedule): OperatorInfo[] {
  const word = scheduleWord(schedule);
  const infos = listOf(core.functions.operator_count(word), (index) =>
    core.operatorInfo(word, index),
  );
  return infos.map(({ op, name: part, outputWidth }) => {
    const parts = infos.filter((info) => info.op === op).map(({ name }) => name);
    return { name: operatorName(core.opName(op), part, parts), op, part, outputWidth };
  });
}

function operatorName(op: string, part: string, parts: readonly string[]): string {
  if (part === "") return op;
  const dot = op.lastIndexOf(".");
  const isOneOfThem = parts.includes(op.slice(dot + 1));
  return isOneOfThem ? `${op.slice(0, dot + 1)}${part}` : `${op}.${part}`;
}

/** @throws BadInput for a length that the network is not defined for */
export function assertLength({ minFrames, maxFrames }: ModelInfo, frames: number): void {
  if (frames >= minFrames && (maxFrames === 0 || frames <= maxFrames)) return;
  const range = minFrames === maxFrames ? `${minFrames}` : `${minFrames} to ${maxFrames || "any"}`;
  throw new BadInput(`${range} frames, which the network is defined for`, `${frames}`);
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
  const info = core.opInfo(index);
  const inputs = [info.inputs0, info.inputs1, info.inputs2, info.inputs3];
  return {
    name: core.opName(index),
    kind: info.kind,
    variant: info.variant,
    inputs: inputs.filter((value) => value !== NO_VALUE),
    width: info.width,
    isSequence: info.isSequence !== 0,
    stage: info.stage,
    isBarrier: info.isBarrier !== 0,
    attributes: [
      ...[info.attributes0, info.attributes1, info.attributes2, info.attributes3],
      ...[info.attributes4, info.attributes5, info.attributes6, info.attributes7],
    ],
    parameters: info.parameters,
    type: info.type,
    exponent: info.exponent,
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
