/** What is known of a task when it is done: a line of the store, its key first. Knows nothing of how it was found. */
import { toJson } from "../json.js";
import type { Job, Task } from "./job.js";

export interface Result extends Partial<Figures> {
  readonly key: string;
  readonly version: string;
  readonly model: string;
  readonly modelSha256: string;
  readonly type: string;
  readonly fold: boolean;
  readonly calibration?: string;
  readonly schedule: string;
  readonly tile?: number;
  readonly data?: string;
  /** Of the data set: index of the first item. */
  readonly first?: number;
  /** Why there are no figures. */
  readonly error?: { readonly code: string; readonly message: string };
}

export interface Figures extends Need {
  readonly ran?: Ran;
}

/** Exact, but for the times, which are estimated. */
export interface Need {
  readonly frames: number;
  readonly arenaBytes: number;
  /** The caller's memory for a tile of input and for outputs. */
  readonly callerBytes: number;
  readonly flashBytes: number;
  /** By a board's id. */
  readonly boards: Readonly<Record<string, BoardNeed>>;
}

export interface BoardNeed {
  readonly fits: boolean;
  /** What has no room there. */
  readonly lacks?: readonly ("ram" | "flash")[];
  readonly ms?: number;
  readonly lowMs?: number;
  readonly highMs?: number;
  /** Why there is no time. */
  readonly noTime?: string;
}

/** Over the items of a task's data. */
export interface Ran {
  readonly items: number;
  /** Of items with a class, those whose class came out. */
  readonly correct?: number;
  /** Items whose class is not that of the checkpoint's own float32 network; absent of blobs. */
  readonly disagreements?: number;
  /** Errors against that network, relative to an item's largest magnitude; null: infinite. */
  readonly meanError?: number | null;
  readonly maxError?: number | null;
  /** Values of integers that were cut off. */
  readonly saturations: number;
  /** Of the bits of all outputs, item by item: hexadecimal, and of how many bytes. */
  readonly logitsCrc32: string;
  readonly logitsBytes: number;
}

/** Without its end. */
export function resultLine(
  job: Job,
  { key, variant }: Task,
  found: Figures | Required<Pick<Result, "error">>,
): string {
  const { version, model, data } = job;
  const { fold, type, calibration, schedule, tile } = variant;
  const result: Result = {
    ...{ key, version, model: model.name, modelSha256: model.file.sha256, type, fold },
    ...(calibration && { calibration: calibration.name }),
    ...{ schedule, ...(tile !== undefined && { tile }) },
    ...(data && { data: data.name, first: data.first }),
    ...found,
  };
  return toJson(result).trimEnd();
}

/** Whether a line that was read holds what sums and tables are made of. */
export function isResult(value: unknown): value is Result {
  if (!isObject(value)) return false;
  const { error, data, ran, boards } = value;
  if (error !== undefined) return isObject(error) && areTexts(error.code, error.message);
  return (
    areNumbers(value.frames, value.arenaBytes, value.callerBytes, value.flashBytes) &&
    isObject(boards) &&
    Object.values(boards).every(isBoardNeed) &&
    (data === undefined || isRan(ran))
  );
}

function isBoardNeed(value: unknown): boolean {
  if (!isObject(value) || typeof value.fits !== "boolean") return false;
  const { ms, lowMs, highMs } = value;
  return ms === undefined || areNumbers(ms, lowMs, highMs);
}

function isRan(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { items, saturations, logitsCrc32, logitsBytes } = value;
  const { correct, disagreements, meanError, maxError } = value;
  return (
    areNumbers(items, saturations, logitsBytes, correct ?? 0, disagreements ?? 0) &&
    areNumbers(meanError ?? 0, maxError ?? 0) &&
    areTexts(logitsCrc32)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function areNumbers(...values: readonly unknown[]): boolean {
  return values.every((value) => Number.isFinite(value));
}

function areTexts(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}
