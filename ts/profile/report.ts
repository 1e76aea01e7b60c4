/**
 * The profile of a model: memory, flash, operators, latency and the verdict of every board, as plain
 * data for a terminal, a page or a machine (report.schema.json). Each figure is exact (it follows
 * from model and plan), measured (on this host), an allowance of a board or estimated (its time).
 * Knows nothing of how it is shown.
 */

import type { Engine } from "../core/engine.js";
import type { OutputInfo } from "../core/info.js";
import { framesIn } from "../core/input.js";
import type { Model } from "../core/model.js";
import { joinedData } from "../core/outputs.js";
import type { Plan, SessionOptions } from "../core/plan.js";
import type { Session } from "../core/session.js";
import { crc32 } from "../crc32.js";
import { BOARDS, type Board, judge } from "../device/index.js";
import { moduleOf } from "../graph/descriptors/index.js";
import { hexWord } from "../hex-word.js";
import type { BoardProfile, BoardTimer } from "./board-time.js";
import type { DetectorProfile } from "./detector.js";
import { defaultFrames, exampleInput } from "./example-input.js";
import { type Effort, measureLatency, measureOperators } from "./measure.js";
import type { Latency } from "./statistics.js";
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

export interface ProfileOptions extends SessionOptions {
  /** Frames of a generated input; ignored when `input` is given. */
  readonly frames?: number;
  readonly input?: Float32Array | Int32Array;
  /** Default: every board of the catalogue. */
  readonly boards?: readonly Board[];
  /** What estimates times on boards: `timesOnBoards` of mambalite-micro/times. Without it there are none. */
  readonly times?: BoardTimer;
  /** What this host is, for the record: "Node 20.1 on linux x64". */
  readonly host?: string;
  readonly effort?: Effort;
}

/** A caller waits meanwhile. */
export const DEFAULT_EFFORT: Effort = {
  minRuns: 3,
  maxRuns: 2000,
  budgetMs: 300,
  operatorsMs: 1000,
};

/**
 * Profiles a model on this host.
 *
 * @throws what `createSession` and `Session.run` throw.
 */
export function profile(engine: Engine, model: Model, options: ProfileOptions = {}): ProfileReport {
  const frames = options.input
    ? framesIn(model.info, options.input.length)
    : (options.frames ?? defaultFrames(model.info));
  const sessionOptions = withRoomFor(frames, options);
  model.plan(sessionOptions); // what cannot be planned is refused before an input is made
  const input = options.input ?? exampleInput(model.info, frames);
  const effort = options.effort ?? DEFAULT_EFFORT;

  const selfTest = model.selfTest() ? "passed" : "none in this model";
  const session = model.createSession(sessionOptions);
  try {
    const { plan } = session;
    const outputs = session.run(input, { allowNonfinite: true });
    const wholeSequence = wholeSequenceOf(model, plan);
    const latency = measureLatency(session, input, effort);
    const durationMs = durationOf(model, input);
    const withTime = options.times?.({ model, plan, frames, durationMs }) ?? withoutTime;
    return {
      schema: REPORT_SCHEMA,
      basis: BASIS,
      model: summarizeModel(model),
      frames,
      input: options.input === undefined ? "generated" : "given",
      ...(options.arenaBudgetBytes !== undefined && {
        arenaBudgetBytes: options.arenaBudgetBytes,
      }),
      plan,
      ...(wholeSequence !== undefined && { wholeSequence }),
      ram: ramOf(plan),
      arenaCheck: checkArena(model, input, sessionOptions),
      flash: { weightsBytes: model.info.blobBytes },
      operators: profileOperators(model, session, input, sessionOptions, effort),
      latency,
      boards: (options.boards ?? BOARDS).map((board) =>
        withTime(
          judge(board, {
            arenaBytes: plan.arenaBytes,
            callerBytes: plan.inputBytes + plan.outputBytes,
            weightsBytes: model.info.blobBytes,
          }),
        ),
      ),
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
  { schedule = "stream", tile, maxFrames = frames, arenaBudgetBytes }: SessionOptions,
): SessionOptions {
  const budget = arenaBudgetBytes === undefined ? {} : { arenaBudgetBytes };
  const tiled = schedule === "stream" && tile !== undefined && { tile };
  return { schedule, maxFrames, ...tiled, ...budget };
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
  input: Float32Array | Int32Array,
  options: SessionOptions,
): ProfileReport["arenaCheck"] {
  const checked = model.measureArena(input, { ...options, allowNonfinite: true });
  return { highWaterBytes: checked.highWaterBytes, guardsIntact: checked.guardsIntact };
}

function profileOperators(
  model: Model,
  session: Session,
  input: Float32Array | Int32Array,
  options: SessionOptions,
  effort: Effort,
): OperatorProfile[] {
  const counts = model.operatorCounts(framesIn(model.info, input.length), options);
  const hostMs = measureOperators(session, input, model.info, counts.length, effort);
  const totalMs = hostMs.reduce((sum, ms) => sum + ms, 0);
  const infos = model.operators(session.plan.schedule);
  return counts.map((count, operator) => {
    const ms = hostMs[operator] ?? 0;
    const module = moduleOf(model.ops[infos[operator]?.op ?? 0]?.name ?? count.name);
    return { module, ...count, hostMs: ms, hostShare: totalMs > 0 ? ms / totalMs : 0 };
  });
}

function withoutTime(verdict: BoardProfile): BoardProfile {
  return verdict;
}

/** Only samples say how fast they come. */
export function durationOf(
  { info }: Model,
  { length }: { readonly length: number },
): number | undefined {
  return info.inputKind === "samples" ? (1000 * length) / info.sampleRateHz : undefined;
}

function bytesOf(array: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
