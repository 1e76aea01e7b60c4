/** What a detector's models and options have to be. Knows nothing of how it is driven. */
import { BadArgument } from "../core/errors.js";
import type { Model } from "../core/model.js";

/** @throws BadArgument */
export function assertRate(rateHz = 1): void {
  if (Number.isFinite(rateHz) && rateHz > 0) return;
  throw new BadArgument("rateHz", "a number above 0", String(rateHz));
}

/** @throws BadArgument */
export function assertEndless(model: Model): void {
  if (model.isEndless) return;
  throw new BadArgument(
    "a detector",
    "a model that goes on for ever",
    "one that counts its frames",
  );
}

/** @throws BadArgument */
export function assertWindow(model: Model, window: number, hop: number): void {
  const { inputKind, outputs } = model.info;
  if (inputKind === "tokens" || outputs.length !== 1) {
    throw new BadArgument("windows", "a model of frames or samples with one output", inputKind);
  }
  const isCount = (n: number) => Number.isInteger(n) && n >= 1;
  if (isCount(window) && isCount(hop) && hop <= window) return;
  throw new BadArgument(
    "windowFrames and hopFrames",
    "1 or more, the hop no longer",
    `${window}, ${hop}`,
  );
}

/** @throws BadArgument */
export function assertFront(front: Model, model: Model): void {
  assertEndless(front);
  const [output] = front.info.outputs;
  if (output?.isSequence === true && output.width === model.info.inputWidth) return;
  throw new BadArgument(
    "front",
    `a model that makes frames of ${model.info.inputWidth}`,
    "another one",
  );
}
