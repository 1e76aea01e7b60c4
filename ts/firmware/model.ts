/**
 * What a firmware project is made for: a model with its plan, and what is run through it. Knows nothing of
 * files.
 */
import type { InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Outputs } from "../core/outputs.js";
import type { Plan } from "../core/plan.js";
import type { DetectorSetup } from "../streaming/index.js";

/** What the firmware runs, exact. */
export interface FirmwareModel {
  /** An .mlm blob that the core has opened: the next four are its Model's. */
  readonly blob: Uint8Array;
  readonly info: Model["info"];
  readonly ops: Model["ops"];
  readonly tensors: Model["tensors"];
  readonly labels: Model["labels"];
  readonly plan: Plan;
  /** Version of the core, which is the project's. */
  readonly version: string;
  /** For streams: `plan` is then that of the session which runs the self-test, in the detector's memory. */
  readonly detector?: FirmwareDetector;
}

export interface FirmwareDetector extends DetectorSetup {
  /** Of windows: what makes frames of samples. */
  readonly front?: Pick<FirmwareModel, "blob" | "info" | "ops" | "tensors">;
}

/** Inputs as a sensor gives them: the model's, or its front end's. */
export function inputsOf({ info, detector }: FirmwareModel): FirmwareModel["info"] {
  return detector?.front?.info ?? info;
}

/** All memory that what runs the model needs, exactly. */
export function memoryBytes({ plan, detector }: FirmwareModel): number {
  return detector?.arenaBytes ?? plan.arenaBytes;
}

/** Flash of the model, or of both. */
export function blobBytes({ blob, detector }: FirmwareModel): number {
  return blob.length + (detector?.front?.blob.length ?? 0);
}

/** One sequence, and what the simulation gives for it. */
export interface Example {
  /** float32 [frames, inputWidth], int32 [frames] or float32 [samples] */
  readonly input: InputArray;
  /** What `Session.run` gives; of a detector the averages behind each answer, as one sequence. */
  readonly outputs: Outputs;
}

/** A stream of samples that a harness makes of clips, and how it is pushed. */
export interface HarnessStream {
  /** Of one length. */
  readonly clips: readonly Int16Array[];
  readonly rateHz: number;
  readonly samples: number;
  readonly pushes: readonly number[];
}

/** Sequences of one length for the harness, one behind the other. */
export interface HarnessInputs {
  readonly count: number;
  /** Frames, tokens or samples of each. */
  readonly length: number;
  /** float32 [count, frames, inputWidth], int32 [count, frames] or float32 [count, samples] */
  readonly data: InputArray;
  /** Elements of all outputs of one of them. */
  readonly outputFloats: number;
}
