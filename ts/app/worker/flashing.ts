/**
 * The open model as one file for a board: the command line's own, the same bytes. Loaded when somebody asks. Knows
 * nothing of formats or of pages.
 */
import { as16Bits, framesIn, type InputArray } from "../../core/input.js";
import { classOutput } from "../../core/outputs.js";
import { inputsOf, takenBy } from "../../open/inputs.js";
import { classOf, defaultFrames, exampleInput } from "../../profile/index.js";
import { boardFile, RUNNER_BOARDS } from "../../runner/index.js";
import { fetchBytes } from "./bytes.js";
import { optionsOf } from "./figures.js";
import type { FlashAnswer, FlashChoice, RunnerOffer } from "./protocol.js";
import { fetchedRunner, RUNNER_IMAGES } from "./runner-images.js";
import type { Bench } from "./workbench.js";

export function offeredRunners(): readonly RunnerOffer[] {
  return RUNNER_BOARDS.map((board) => ({ board, ...RUNNER_IMAGES.images[board] }));
}

/** @throws DoesNotFit, with what is missing; BadFile */
export async function flashOpen(
  { model, blob }: Bench,
  { choice, board, example }: FlashChoice,
): Promise<FlashAnswer> {
  const { info, ops, labels } = model;
  const input = as16Bits(info, await exampleFor(model, example));
  const session = model.createSession(optionsOf(choice, framesIn(info, input.length)));
  try {
    const { plan } = session;
    const file = await boardFile(fetchedRunner(board), { blob, info, ops, labels, plan }, input);
    const logits = classOutput(info.outputs) && session.run(input)[0]?.data;
    const classIndex = logits === undefined ? -1 : classOf(logits);
    return { ...file, board, arenaBytes: plan.arenaBytes, classIndex };
  } finally {
    session.dispose();
  }
}

async function exampleFor(model: Bench["model"], address: string | null): Promise<InputArray> {
  if (address === null) return exampleInput(model.info, defaultFrames(model.info));
  const { sequences } = inputsOf(await fetchBytes(address), takenBy(model), false);
  return sequences[0]!;
}
