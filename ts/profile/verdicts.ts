/**
 * The verdict of boards on a plan, with times where somebody estimates them: for the report and the page alike.
 * Knows nothing of how any of it is shown.
 */
import { inputLength } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Plan } from "../core/plan.js";
import { BOARDS, type Board, judgePlaced, needsOf, type WeightsChoice } from "../device/index.js";
import type { BoardProfile, BoardTimer } from "./board-time.js";

export interface VerdictOptions {
  /** Of the input. */
  readonly frames: number;
  /** Elements of the input; default: as many as the frames take. */
  readonly length?: number;
  /** Default: every board of the catalogue. */
  readonly boards?: readonly Board[];
  /** Where a board has its weights; default: where they are read fastest. */
  readonly weights?: WeightsChoice;
  /** Without it there are no times. */
  readonly times?: BoardTimer;
}

export function verdictsOf(model: Model, plan: Plan, options: VerdictOptions): BoardProfile[] {
  const { frames, length = inputLength(model.info, frames), boards = BOARDS, times } = options;
  const needs = needsOf(plan, model.info.blobBytes);
  const withTime = times?.({ model, plan, frames, durationMs: durationOf(model, length) });
  return boards.map((board) => {
    const verdict = judgePlaced(board, needs, options.weights);
    return withTime === undefined ? verdict : withTime(verdict);
  });
}

/** Only samples say how fast they come. */
function durationOf({ info }: Model, length: number): number | undefined {
  return info.inputKind === "samples" ? (1000 * length) / info.sampleRateHz : undefined;
}
