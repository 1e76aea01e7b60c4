/**
 * What the page and its worker say to each other, as types: one request, any number of progress
 * notes, one answer or one problem. Plain data that can be cloned. Knows nothing of either side.
 */

import type { DraftLine } from "../../checkpoint/draft/index.js";
import type { ErrorFacts } from "../../core/errors.js";
import type { BoardVerdict } from "../../device/index.js";
import type { ModuleShapes } from "../../graph/shapes.js";
import type { ModelInfo, OpInfo, Output, Plan, Schedule } from "../../index.js";
import type { StreamForm } from "../../models/index.js";
import type { Comparison } from "../../open/comparison.js";
import type { Evaluation } from "../../open/evaluation.js";
import type { StreamForms } from "../../open/listening.js";
import type {
  BoardTimeEstimate,
  HostTimes,
  NetworkGraph,
  ProfileReport,
  WholeSequence,
} from "../../profile/index.js";
import type { TimingRow } from "../../profile/timing-report.js";
import type { QuantizeReport, WeightsReport } from "../../quantize/index.js";
import type { BoardFile, RunnerBoard, RunnerImage } from "../../runner/index.js";
import type { InputValues } from "../../runner/values.js";

/** A model as a user gives it: a file of theirs, or the address of a bundled one. */
export interface Source {
  readonly name: string;
  readonly from: File | string;
  /** Files beside a checkpoint, told apart by content: an arch file, a front end, labels. */
  readonly companions?: readonly File[];
  /** Of a bundled blob: the checkpoint that it was made from, and how it listens. */
  readonly madeFrom?: CheckpointAddresses;
  readonly stream?: StreamForms;
}

export interface CheckpointAddresses {
  readonly checkpoint: string;
  readonly frontEnd: string;
  readonly labels: string;
}

/** Which model, and how it is made. */
export interface ModelChoice {
  readonly source: Source;
  /** Whether linear layers are folded; a .mlm is what it is. */
  readonly fold: boolean;
}

/** How the user wants the model to run, over so many frames. */
export interface Choice {
  readonly schedule: Schedule;
  /** Counts for "stream" only, and where there is no budget. */
  readonly tile: number;
  readonly frames: number;
  /** Most bytes of arena; 0: no limit. */
  readonly budget: number;
}

export interface OpenedModel {
  readonly name: string;
  readonly format: "mlm" | "safetensors" | "pth";
  readonly convention?: string;
  /** What a checkpoint did not say and was assumed, a sentence each. */
  readonly assumptions: readonly string[];
  readonly fileBytes: number;
  readonly info: ModelInfo;
  readonly labels: readonly string[];
  readonly ops: readonly OpInfo[];
  readonly graph: NetworkGraph;
  /** Of the module it was exported from. */
  readonly shapes?: ModuleShapes;
  readonly parameters: number;
  readonly simd: boolean;
  readonly version: string;
  /** There is a checkpoint, to be folded or to make another number type of: a blob alone is what it is. */
  readonly hasCheckpoint: boolean;
  readonly isFolded: boolean;
}

/** What another choice would need. */
export interface PlanSummary {
  readonly schedule: Schedule;
  /** 0: the schedule has none. */
  readonly tile: number;
  readonly arenaBytes: number;
  readonly callerBytes: number;
}

export interface SchedulePlan {
  readonly plan: Plan;
  /** Names in order of execution. */
  readonly operators: readonly string[];
  /** Index for index: the op that each belongs to. */
  readonly ops: readonly number[];
}

/** Everything that follows from model and choice without running anything. */
export interface ExactFigures {
  readonly choice: Choice;
  readonly chosen: SchedulePlan;
  /** Null for a network that streams from end to end. */
  readonly wholeSequence: WholeSequence | null;
  /** Every board of the catalogue. */
  readonly boards: readonly BoardVerdict[];
  /** unfused, layer, stream: what could be planned of them, and why not. */
  readonly schedules: readonly (SchedulePlan | { readonly refused: string; schedule: Schedule })[];
  readonly alternatives: readonly PlanSummary[];
}

/** Estimated, by the board's id. */
export interface Times {
  readonly choice: Choice;
  readonly boards: readonly {
    readonly id: string;
    readonly time: BoardTimeEstimate | undefined;
    /** Why a board that fits has none. */
    readonly noTime: string | undefined;
  }[];
  /** Of the alternatives. */
  readonly others: readonly (Pick<PlanSummary, "schedule" | "tile"> & {
    readonly ms: Readonly<Record<string, number | undefined>>;
  })[];
}

export interface MeasuredFigures {
  readonly choice: Choice;
  readonly report: ProfileReport;
  readonly samplesMs: readonly number[];
}

/** A further piece of the same measurement. */
export interface Sample {
  readonly samplesMs: readonly number[];
  /** Index for index with the operators. */
  readonly operatorMs: readonly number[];
}

/** Outputs of one sequence. */
export interface RunResult {
  /** Of an exported model in its module's own shapes. */
  readonly outputs: readonly Output[];
  /** Of the first output: -1 where it is rows over time or one value, or no element is a number. */
  readonly classIndex: number;
  /** Of the classes; undefined where the first output says none. */
  readonly probabilities?: Float32Array;
}

export interface RunAnswer {
  readonly name: string;
  /** Of each sequence. */
  readonly frames: number;
  readonly count: number;
  /** Of the first sequences only, when there are very many. */
  readonly results: readonly RunResult[];
  /** Of all the runs together. */
  readonly ms: number;
}

/** A session that has seen some frames of the sequence that is watched. */
export interface Watched {
  /** Frames pushed so far. */
  readonly frame: number;
  readonly frames: number;
  /** Those that are vectors, of the frames so far; none where these are too few. */
  readonly vectors: readonly Output[];
  readonly states: readonly { readonly name: string; readonly values: Float32Array }[];
  /** Of integers, whose bytes are no picture. */
  readonly hiddenStates: number;
}

/** A file with its path in what was dropped. */
export interface NamedFile {
  readonly path: string;
  readonly file: File;
}

export interface ComparisonAnswer {
  readonly comparison: Comparison;
  readonly tolerance: number;
  readonly traceTolerance: number;
  readonly isWithin: boolean;
  /** Where the outputs agree and the trace does not. */
  readonly warning: string | null;
  readonly reference: string;
}

export interface EvaluationAnswer {
  readonly evaluation: Evaluation;
  /** What `mambalite eval --json` prints. */
  readonly json: string;
  /** Paths of files that are no part of the set. */
  readonly leftOut: readonly string[];
}

/** The number type that a network is to have. `stateBits` and `float` count for "int" only. */
export interface QuantizeChoice {
  readonly type: "int" | "w8";
  readonly stateBits: 16 | 32;
  /** Names of ops or modules that stay floats. */
  readonly float: readonly string[];
}

/** An input that comes with a bundled model. */
export interface ExampleAddress {
  readonly path: string;
  readonly url: string;
}

export type QuantizeAnswer = {
  readonly blob: Uint8Array<ArrayBuffer>;
  /** Paths of files that are no inputs by their names. */
  readonly leftOut: readonly string[];
} & (
  | { readonly type: "int"; readonly report: QuantizeReport }
  | { readonly type: "w8"; readonly report: WeightsReport }
);

/** A board that there is firmware for. */
export type RunnerOffer = RunnerImage & { readonly board: RunnerBoard };

export interface FlashChoice {
  readonly choice: Choice;
  readonly board: RunnerBoard;
  /** Address of the input that the board runs at reset; null: the numbers that are profiled with. */
  readonly example: string | null;
}

export interface FlashAnswer extends BoardFile {
  readonly board: RunnerBoard;
  readonly arenaBytes: number;
  /** Of the example, as the board should say it; -1 where there is no class. */
  readonly classIndex: number;
}

/** One sequence for a board that runs the open model. */
export interface BoardInput {
  readonly values: InputValues;
  /** Bits of the logits that it must give. */
  readonly expected: readonly string[];
}

/** How to listen: with a running network's blob, or else with windows of the open model. */
export interface ListenChoice {
  readonly running?: {
    readonly address: string;
    readonly events: StreamForm["events"];
  };
  readonly windowFrames: number;
}

/** What the detector of a live stream says after a block of input. */
export interface ListeningNote {
  /** Network frames heard so far. */
  readonly frames: number;
  readonly answers: number;
  /** Classes that have fired. */
  readonly heard: readonly number[];
  /** Averaged over the last answers. */
  readonly probabilities: readonly number[];
  readonly msPerFrame: number;
  /** Real time of a frame; 0: not known. */
  readonly frameMs: number;
  /** Of the detector, as on a board. */
  readonly arenaBytes: number;
  /** New rows of the front end's output (log-mel), or of the input itself. */
  readonly rows: Float32Array;
  readonly rowWidth: number;
}

interface Call<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

export interface Calls {
  open: Call<ModelChoice, OpenedModel>;
  plan: Call<Choice, ExactFigures>;
  times: Call<Choice, Times>;
  /** `isQuick`: this host is measured for a moment only. */
  profile: Call<{ readonly choice: Choice; readonly isQuick: boolean }, MeasuredFigures>;
  /** The text of the report for these boards, with times that were measured before. */
  report: Call<
    { readonly choice: Choice; readonly boards: readonly string[]; readonly hostTimes: HostTimes },
    string
  >;
  /** More runs of what was profiled last; null when nothing was. */
  sample: Call<{ readonly budgetMs: number }, Sample | null>;
  run: Call<
    {
      readonly choice: Choice;
      /** A file, the address of an example, or null: the numbers that are profiled with. */
      readonly input: File | string | null;
      readonly name: string;
    },
    RunAnswer
  >;
  /** Brings the sequence of the last run to a frame; 0 is before the first. */
  watch: Call<{ readonly sequence: number; readonly frame: number }, Watched>;
  compare: Call<
    { readonly choice: Choice; readonly files: readonly NamedFile[] },
    ComparisonAnswer
  >;
  evaluate: Call<
    { readonly choice: Choice; readonly files: readonly NamedFile[] },
    EvaluationAnswer
  >;
  quantize: Call<
    {
      readonly choice: QuantizeChoice;
      readonly files: readonly NamedFile[];
      readonly examples: readonly ExampleAddress[];
    },
    QuantizeAnswer
  >;
  blob: Call<null, Uint8Array<ArrayBuffer>>;
  firmware: Call<
    { readonly choice: Choice; readonly target: string; readonly board: string | null },
    Uint8Array<ArrayBuffer>
  >;
  /** In the order in which they are offered. */
  runners: Call<null, readonly RunnerOffer[]>;
  flash: Call<FlashChoice, FlashAnswer>;
  /** A timing report of a board that runs the open model, beside its estimate. */
  measured: Call<{ readonly report: string }, TimingRow>;
  boardInputs: Call<{ readonly input: File | string }, readonly BoardInput[]>;
  /**
   * Input comes through `source` as `FeedMessage`s; a ListeningNote or a Problem goes out through `notes`
   * for each. Anything that comes through `notes` ends it.
   */
  listen: Call<
    {
      readonly source: MessagePort;
      readonly notes: MessagePort;
      readonly choice: ListenChoice;
    },
    null
  >;
  /** Bytes of linear memory of the open model. */
  memory: Call<null, number>;
}

export type CallName = keyof Calls;

/** By its name: what goes in. */
export type Request<Name extends CallName = CallName> = {
  [Each in Name]: {
    readonly id: number;
    readonly name: Each;
    readonly input: Calls[Each]["input"];
  };
}[Name];

export interface Progress {
  readonly what: string;
  /** 0 to 1; absent: nobody knows. */
  readonly share?: number;
}

/** One line for a person, and the code and the numbers of the error. */
export interface Problem extends ErrorFacts {
  /** Of a checkpoint of unknown names. */
  readonly draft?: DraftAnswer;
}

/** What a checkpoint of unknown names probably is. */
export interface DraftAnswer {
  /** The arch file, to be edited. */
  readonly text: string;
  readonly lines: readonly DraftLine[];
  /** Of the whole. */
  readonly guess: string;
}

export type Reply =
  | { readonly id: number; readonly progress: Progress }
  | Answer
  | { readonly id: number; readonly problem: Problem };

/** By the name of what was asked: what comes out. */
export type Answer<Name extends CallName = CallName> = {
  [Each in Name]: {
    readonly id: number;
    readonly name: Each;
    readonly output: Calls[Each]["output"];
  };
}[Name];
