/**
 * Estimated times on all boards, of a choice and of what else there is. A chunk of its own, as the table of costs is
 * large. Knows nothing of how it is shown.
 */
import type { Model } from "../../index.js";
import { verdictsOf } from "../../profile/index.js";
import { timesOnBoards } from "../../profile/times.js";
import { alternatives, optionsOf } from "./figures.js";
import type { Choice, Times } from "./protocol.js";
import type { Bench } from "./workbench.js";

export function timesOf({ model }: Bench, choice: Choice): Times {
  const others = alternatives(model, choice).map(({ schedule, tile }) => {
    const other = { ...choice, schedule, budget: 0, ...(tile > 0 && { tile }) };
    const boards = timed(model, other);
    return { schedule, tile, ms: Object.fromEntries(boards.map(({ id, time }) => [id, time?.ms])) };
  });
  const boards = timed(model, choice).map(({ id, time, noTime }) => ({ id, time, noTime }));
  return { choice, boards, others };
}

function timed(model: Model, choice: Choice) {
  const plan = model.plan(optionsOf(choice));
  return verdictsOf(model, plan, { frames: choice.frames, times: timesOnBoards });
}
