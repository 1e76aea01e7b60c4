/**
 * What a worker is given, as plain data: one model over one stretch of data, in all its variants, each of which is a
 * task with one result. Knows nothing of how jobs are made, handed out or done.
 */
import type { Schedule } from "../core/plan.js";
import type { ContentRef } from "./contents.js";

export interface Job {
  /** The same for the same tasks. */
  readonly id: string;
  /** Of the package that planned it: others may give other results. */
  readonly version: string;
  readonly model: JobModel;
  /** Absent where models are not run. */
  readonly data?: JobData;
  /** Ids. */
  readonly boards: readonly string[];
  readonly tasks: readonly Task[];
}

export interface JobModel {
  readonly name: string;
  readonly file: ContentRef;
  readonly arch?: ContentRef;
  readonly frontend?: ContentRef;
  readonly labels?: ContentRef;
}

export interface Task {
  /** Of what it is about: model, data, options, version. */
  readonly key: string;
  readonly variant: Variant;
}

/** "mlm": a blob, which is what it is. */
export type TaskType = "f32" | "w8" | "int" | "mlm";

export interface Variant {
  readonly fold: boolean;
  readonly type: TaskType;
  /** Of "int". */
  readonly calibration?: Calibration;
  readonly schedule: Schedule;
  /** Of "stream". */
  readonly tile?: number;
}

export interface Calibration {
  readonly name: string;
  readonly items: JobItems;
  readonly most?: number;
}

export type JobItems = ArrayItems | ClipItems;

export interface ArrayItems {
  readonly kind: "array";
  /** A .npy of these items alone. */
  readonly inputs: ContentRef;
  readonly classes?: ContentRef;
}

export interface ClipItems {
  readonly kind: "clips";
  /** A JSON list of clips: [label, SHA-256, name] each. */
  readonly list: ContentRef;
  readonly samples?: number;
}

export interface JobData {
  readonly name: string;
  /** Of the data set: index of the first item. */
  readonly first: number;
  readonly items: JobItems;
}

/** What a blob depends on, besides its model. */
export function blobOf({ fold, type, calibration }: Variant): string {
  if (calibration === undefined) return `${type}${fold ? " folded" : ""}`;
  const { items, most } = calibration;
  return `${type} ${contentOf(items)} ${most}`;
}

export function contentOf(items: JobItems): string {
  if (items.kind === "clips") return `clips ${items.list.sha256} ${items.samples}`;
  return `array ${items.inputs.sha256} ${items.classes?.sha256}`;
}

/** A line for people: "int, calibrated with train.npy, tile 4". */
export function variantText({ fold, type, calibration, schedule, tile }: Variant): string {
  return [
    type,
    ...(fold ? ["folded"] : []),
    ...(calibration ? [`calibrated with ${calibration.name}`] : []),
    tile === undefined ? schedule : `tile ${tile}`,
  ].join(", ");
}
