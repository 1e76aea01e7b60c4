/**
 * The profile of a model: memory, flash, operators, latency and the verdict of every board, as plain
 * data for a terminal, a page or a machine (report.schema.json). Each figure is exact (it follows
 * from model and plan), measured (on this host), an allowance of a board or estimated (its time).
 * Knows nothing of how it is shown.
 */

import type { Engine } from "../core/engine.js";
import type { OperatorCounts, OutputInfo } from "../core/info.js";
import { framesIn, type InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import { joinedData } from "../core/outputs.js";
import type { Plan, Schedule, SessionOptions } from "../core/plan.js";
import type { Session } from "../core/session.js";
import { sessionOptions } from "../core/settings.js";
import { crc32 } from "../crc32.js";
import type { Board, WeightsChoice } from "../device/index.js";
import { moduleOf } from "../graph/descriptors/index.js";
import { hexWord } from "../hex-word.js";
import type { BoardProfile, BoardTimer } from "./board-time.js";
import type { DetectorProfile } from "./detector.js";
import { defaultFrames, exampleInput } from "./example-input.js";
import { type Effort, measureLatency, measureOperators } from "./measure.js";
import type { Latency } from "./statistics.js";
import { verdictsOf } from "./verdicts.js";
import { type WholeSequence, wholeSequenceOf } from "./whole-sequence.js";

export const REPORT_SCHEMA = "mambalite-profile-2";

/** How a figure came about. */
export type Basis =
  | "exact"
  | "measured on this host"
  | "exact, with allowances of the board"
  | "estimated from traces";

export interface OperatorProfile {
  readonly name: string;
  /** The block that it is a part of, "layers.0.mixer"; its own name where it is of none. */
  readonly module: string;
  /** Multiplications of the whole input, each with the addition that follows it. */
  readonly macs: number;
  readonly exps: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Of one undisturbed run; all operators together take about `latency.minMs`. */
  readonly hostMs: number;
  /** Of the sum of all operators' `hostMs`; 0 to 1. */
  readonly hostShare: number;
}

export interface ProfileReport {
  readonly schema: typeof REPORT_SCHEMA;
  /** How the figures of a part of this report came about. */
  readonly basis: Readonly<
    Record<
      | "plan"
      | "ram"
      | "arenaCheck"
      | "flash"
      | "operatorCounts"
      | "hostMs"
      | "latency"
      | "boards"
      | "time",
      Basis
    >
  >;
  readonly model: {
    readonly inputKind: "frames" | "tokens" | "samples";
    readonly inputWidth: number;
    readonly outputs: readonly OutputInfo[];
    readonly ops: number;
    readonly parameters: number;
  };
  /** Frames (or tokens) of the input that was profiled; of samples, the frames they make. */
  readonly frames: number;
  readonly input: "given" | "generated";
  /** What the arena was allowed to take, when it was limited: the reason for the plan's tile. */
  readonly arenaBudgetBytes?: number;
  readonly plan: Plan;
  /** Of a network that does not stream from end to end. */
  readonly wholeSequence?: WholeSequence;
  /** What the board's RAM must hold, stack aside. */
  readonly ram: {
    readonly arenaBytes: number;
    readonly callerInputBytes: number;
    readonly callerOutputBytes: number;
    readonly totalBytes: number;
  };
  readonly arenaCheck: {
    /**
     * How far a run writes into an arena of poison. Never beyond `arenaBytes`; short of it only by
     * bytes that a plan must reserve and this input did not need.
     */
    readonly highWaterBytes: number;
    /** No byte was written on either side of the arena. */
    readonly guardsIntact: boolean;
  };
  readonly flash: {
    /** The whole blob, which is used in place. */
    readonly weightsBytes: number;
    /** The core's code on a board; absent until a firmware build has measured it. */
    readonly codeBytes?: number;
  };
  readonly operators: readonly OperatorProfile[];
  readonly latency: Latency;
  readonly boards: readonly BoardProfile[];
  /** Of a model that listens for ever; not in every report. */
  readonly detector?: DetectorProfile;
  readonly provenance: {
    readonly coreVersion: string;
    readonly build: "simd" | "baseline";
    readonly host: string;
    /** CRC-32, 8 hex digits: of the blob, of the input's and of the outputs' little-endian bytes. */
    readonly modelCrc32: string;
    readonly inputCrc32: string;
    readonly outputCrc32: string;
    /** Whether the blob's recorded logits came out bit for bit. */
    readonly selfTest: "passed" | "none in this model";
  };
}

/** Times of this host: those of whole runs, and of each operator in order of execution. */
export interface HostTimes {
  readonly latency: Latency;
  readonly operatorMs: readonly number[];
}

export type ProfileOptions = SessionOptions & {
  /** Frames of a generated input; ignored when `input` is given. */
  readonly frames?: number;
  readonly input?: InputArray;
  /** Default: every board of the catalogue. */
  readonly boards?: readonly Board[];
  /** Where a board has its weights; default: where they are read fastest. */
  readonly weights?: WeightsChoice;
  /** What estimates times on boards: `timesOnBoards` of mambalite-micro/times. Without it there are none. */
  readonly times?: BoardTimer;
  /** What this host is, for the record: "Node 20.1 on linux x64". */
  readonly host?: string;
  readonly effort?: Effort;
  /** Measured before, of the same; default: they are measured now, with that effort. */
  readonly hostTimes?: HostTimes;
};

/** A caller waits meanwhile. */
export const DEFAULT_EFFORT: Effort = {
  minRuns: 3,
  maxRuns: 2000,
  budgetMs: 300,
  operatorsMs: 1000,
};

/** What is exact or estimated of a report: known at once, as nothing is run for it. */
export type ProfileVerdict = Pick<
  ProfileReport,
  | "schema"
  | "basis"
  | "model"
  | "frames"
  | "input"
  | "arenaBudgetBytes"
  | "plan"
  | "wholeSequence"
  | "ram"
  | "flash"
  | "boards"
  | "detector"
>;

/** @throws what `Model.plan` throws. */
export function profileVerdict(model: Model, options: ProfileOptions = {}): ProfileVerdict {
  const frames = framesOf(model, options);
  const plan = model.plan(withRoomFor(frames, options));
  const wholeSequence = wholeSequenceOf(model, plan);
  const { input, arenaBudgetBytes } = options;
  return {
    schema: REPORT_SCHEMA,
    basis: BASIS,
    model: summarizeModel(model),
    frames,
    input: input === undefined ? "generated" : "given",
    ...(arenaBudgetBytes !== undefined && { arenaBudgetBytes }),
    plan,
    ...(wholeSequence !== undefined && { wholeSequence }),
    ram: ramOf(plan),
    flash: { weightsBytes: model.info.blobBytes },
    boards: verdictsOf(model, plan, { ...options, frames, ...(input && { length: input.length }) }),
  };
}

/**
 * Profiles a model on this host.
 *
 * @throws what `createSession` and `Session.run` throw.
 */
export function profile(engine: Engine, model: Model, options: ProfileOptions = {}): ProfileReport {
  const frames = framesOf(model, options);
  const execution = withRoomFor(frames, options);
  model.plan(execution); // what cannot be planned is refused before an input is made
  const input = options.input ?? exampleInput(model.info, frames);

  const selfTest = model.selfTest() ? "passed" : "none in this model";
  const session = model.createSession(execution);
  try {
    const outputs = session.run(input, { allowNonfinite: true });
    const counts = model.operatorCounts(frames, execution);
    const times = options.hostTimes ?? measureHost(model, session, input, counts.length, options);
    return {
      ...profileVerdict(model, options),
      arenaCheck: checkArena(model, input, execution),
      operators: operatorsOf(model, session.plan.schedule, counts, times.operatorMs),
      latency: times.latency,
      provenance: {
        coreVersion: engine.version,
        build: engine.simd ? "simd" : "baseline",
        host: options.host ?? "unknown",
        modelCrc32: hexWord(model.info.crc32),
        inputCrc32: hexWord(crc32(bytesOf(input))),
        outputCrc32: hexWord(crc32(bytesOf(joinedData(outputs)))),
        selfTest,
      },
    };
  } finally {
    session.dispose();
  }
}

function measureHost(
  { info }: Model,
  session: Session,
  input: InputArray,
  operators: number,
  { effort = DEFAULT_EFFORT }: ProfileOptions,
): HostTimes {
  const latency = measureLatency(session, input, effort);
  return { latency, operatorMs: measureOperators(session, input, info, operators, effort) };
}

function framesOf({ info }: Model, { input, frames }: ProfileOptions): number {
  return input ? framesIn(info, input.length) : (frames ?? defaultFrames(info));
}

const BASIS: ProfileReport["basis"] = {
  plan: "exact",
  ram: "exact",
  arenaCheck: "measured on this host",
  flash: "exact",
  operatorCounts: "exact",
  hostMs: "measured on this host",
  latency: "measured on this host",
  boards: "exact, with allowances of the board",
  time: "estimated from traces",
};

function withRoomFor(
  frames: number,
  { schedule = "stream", tile, maxFrames = frames, arenaBudgetBytes: budget }: SessionOptions,
): SessionOptions {
  const given = { ...(tile !== undefined && { tile }), ...(budget !== undefined && { budget }) };
  return sessionOptions({ schedule, ...given }, maxFrames);
}

function summarizeModel(model: Model): ProfileReport["model"] {
  const { inputKind, inputWidth, outputs } = model.info;
  return {
    inputKind,
    inputWidth,
    outputs,
    ops: model.ops.length,
    parameters: model.ops.reduce((sum, op) => sum + op.parameters, 0),
  };
}

function ramOf(plan: Plan): ProfileReport["ram"] {
  return {
    arenaBytes: plan.arenaBytes,
    callerInputBytes: plan.inputBytes,
    callerOutputBytes: plan.outputBytes,
    totalBytes: plan.arenaBytes + plan.inputBytes + plan.outputBytes,
  };
}

function checkArena(
  model: Model,
  input: InputArray,
  options: SessionOptions,
): ProfileReport["arenaCheck"] {
  const checked = model.measureArena(input, { ...options, allowNonfinite: true });
  return { highWaterBytes: checked.highWaterBytes, guardsIntact: checked.guardsIntact };
}

function operatorsOf(
  model: Model,
  schedule: Schedule,
  counts: readonly OperatorCounts[],
  hostMs: readonly number[],
): OperatorProfile[] {
  const totalMs = hostMs.reduce((sum, ms) => sum + ms, 0);
  const infos = model.operators(schedule);
  return counts.map((count, operator) => {
    const ms = hostMs[operator] ?? 0;
    const module = moduleOf(model.ops[infos[operator]?.op ?? 0]?.name ?? count.name);
    return { module, ...count, hostMs: ms, hostShare: totalMs > 0 ? ms / totalMs : 0 };
  });
}

function bytesOf(array: InputArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
