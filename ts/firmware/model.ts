/**
 * What a firmware project is made for: a model with its plan, and what is run through it. Knows nothing of
 * files.
 */
import type { InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Outputs } from "../core/outputs.js";
import type { Plan } from "../core/plan.js";

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
}

/** One sequence, and what the simulation gives for it. */
export interface Example {
  /** float32 [frames, inputWidth], int32 [frames] or float32 [samples] */
  readonly input: InputArray;
  /** What `Session.run` gives. */
  readonly outputs: Outputs;
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
