/**
 * Estimated times on all boards, of a choice and of what else there is. A chunk of its own, as the table of costs is
 * large. Knows nothing of how it is shown.
 */
import { inputLength } from "../../core/input.js";
import { BOARDS, judge } from "../../device/index.js";
import type { Model } from "../../index.js";
import { durationOf } from "../../profile/report.js";
import { type BoardProfile, timesOnBoards } from "../../profile/times.js";
import { alternatives, sessionOptions } from "./figures.js";
import type { Choice, Times } from "./protocol.js";
import type { Bench } from "./workbench.js";

export function timesOf({ model }: Bench, choice: Choice): Times {
  const others = alternatives(model, choice).map(({ schedule, tile }) => {
    const boards = timed(model, { ...choice, schedule, ...(tile > 0 && { tile }) });
    return { schedule, tile, ms: Object.fromEntries(boards.map(({ id, time }) => [id, time?.ms])) };
  });
  const boards = timed(model, choice).map(({ id, time, noTime }) => ({ id, time, noTime }));
  return { choice, boards, others };
}

function timed(model: Model, choice: Choice): BoardProfile[] {
  const { frames } = choice;
  const plan = model.plan(sessionOptions(choice));
  const durationMs = durationOf(model, { length: inputLength(model.info, frames) });
  const withTime = timesOnBoards({ model, plan, frames, durationMs });
  const needs = {
    arenaBytes: plan.arenaBytes,
    callerBytes: plan.inputBytes + plan.outputBytes,
    weightsBytes: model.info.blobBytes,
  };
  return BOARDS.map((board) => withTime(judge(board, needs)));
}
