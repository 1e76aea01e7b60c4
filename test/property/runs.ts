/**
 * All the ways in which a model can be given the same sequence: schedules, tiles, portions, saved states, single
 * steps, with and without SIMD. Each must give the same bits; the first that does not is named.
 */
import { encodeNetwork } from "../../ts/blob/encode.js";
import { NO_CLOCK } from "../../ts/core/format.js";
import { framesIn, type InputArray, tileLength } from "../../ts/core/input.js";
import { joinOutputs, type Outputs } from "../../ts/core/outputs.js";
import {
  BadState,
  type CompleteBlobOptions,
  createBlob,
  type Engine,
  type Model,
  type Session,
  type SessionOptions,
} from "../../ts/node.js";
import { uniformNumbers } from "../unit/core/networks.js";
import { type Built, bitsOf } from "./random-network.js";

export interface Engines {
  readonly baseline: Engine;
  readonly simd: Engine;
}

const TILES = [1, 2, 3, 7, 64] as const;
const MOST_CUTS = 4;
/** Behind the last element of a row, which need not be written; as far as whole alignments are counted. */
const ROW_PADDING_BYTES = 16;

/** Shapes and bits of outputs, to be compared as text. */
export function textOf(outputs: Outputs): string {
  return outputs.map(({ name, shape, data }) => `${name} [${shape}] ${bitsOf(data)}`).join("\n");
}

/** Every schedule; a bound for those that need one. */
export function optionsFor({ info }: Model, input: InputArray): readonly SessionOptions[] {
  const frames = framesIn(info, input.length);
  const maxFrames = Math.max(frames, framesIn(info, info.selfTestInputs * info.inputWidth));
  const bound = info.needsMaxFrames ? { maxFrames } : {};
  const streams = TILES.map((tile) => ({ tile, ...bound }));
  return [...streams, { schedule: "layer", maxFrames }, { schedule: "unfused", maxFrames }];
}

/** The outputs, the same whatever way they were made. @throws Error that names the way that differs */
export async function outputsEveryWay(
  { baseline, simd }: Engines,
  built: Built,
  seed: number,
  blobOptions: CompleteBlobOptions = {},
): Promise<Outputs> {
  const { network, input, transform } = built;
  const writing = transform ? { ...blobOptions, transform } : blobOptions;
  const blob = await createBlob(baseline, network, writing);
  expectSame("the blob's bytes", await createBlob(simd, network, writing), blob);
  const models = [await baseline.loadModel(blob), await simd.loadModel(blob)];
  try {
    const options = optionsFor(models[0] as Model, input);
    const outputs = (models[0] as Model).createSession(options[0]).run(input);
    const expected = textOf(outputs);
    for (const [index, model] of models.entries()) {
      const name = index === 0 ? "baseline" : "SIMD";
      for (const option of options) {
        const cuts = someCuts(uniformNumbers(seed + index), inputsOf(model, input));
        checkOption(`${name}, ${JSON.stringify(option)}`, model, option, input, cuts, expected);
      }
      checkArena(name, model, options, built, expected);
    }
    checkSavedStates(models, options, input, seed, expected);
    return outputs;
  } finally {
    for (const model of models) model.dispose();
  }
}

function checkOption(
  name: string,
  model: Model,
  option: SessionOptions,
  input: InputArray,
  cuts: readonly number[],
  expected: string,
): void {
  const session = model.createSession(option);
  if (model.info.selfTestInputs > 0) session.selfTest();
  const check = (way: string, outputs: Outputs) =>
    expectSame(`${name}: ${way}`, textOf(outputs), expected);
  check("the whole sequence", session.run(input));
  check(`portions cut at ${cuts}`, pushPortions(model, session, input, cuts));
  const each = Array.from({ length: inputsOf(model, input) }, (_, index) => index);
  check("one by one", pushPortions(model, session, input, each));
  checkSteps(name, model, session, input, expected);
  session.dispose();
}

function inputsOf({ info }: Model, input: InputArray): number {
  return input.length / info.inputWidth;
}

function someCuts(uniform: () => number, inputs: number): number[] {
  const count = Math.floor(uniform() * (MOST_CUTS + 1));
  return Array.from({ length: count }, () => Math.floor(uniform() * (inputs + 1))).sort(
    (a, b) => a - b,
  );
}

/** With finishes between and a second one at the end, where the sequence may go on. */
function pushPortions(
  model: Model,
  session: Session,
  input: InputArray,
  cuts: readonly number[],
): Outputs {
  const { info } = model;
  const width = info.inputWidth;
  session.reset();
  let pushed: Outputs = [];
  let start = 0;
  for (const end of [...cuts, inputsOf(model, input)]) {
    if (end === start) continue;
    const rows = session.push(input.subarray(start * width, end * width));
    pushed = joinOutputs(info.outputs, pushed, rows);
    start = end;
    if (!info.looksAhead) finishIfPossible(session);
  }
  const finished = session.finish();
  if (!info.looksAhead) expectSame("a second finish", textOf(session.finish()), textOf(finished));
  return joinOutputs(info.outputs, pushed, finished);
}

/** A network may not be defined for the number of frames so far. */
function finishIfPossible(session: Session): void {
  try {
    session.finish();
  } catch (error) {
    if (!(error instanceof BadState)) throw error;
  }
}

/** One operator at a time, looking at every output. */
function checkSteps(
  name: string,
  { info }: Model,
  session: Session,
  input: InputArray,
  expected: string,
): void {
  const pieceLength = tileLength(info, session.plan.tile);
  const stepAll = () => {
    for (let step = session.step(); step !== undefined; step = session.step()) {
      if (!step.output().every(Number.isFinite))
        throw new Error(`${name}: a step's output is not finite`);
    }
  };
  session.reset();
  for (let start = 0; start < input.length; start += pieceLength) {
    session.feed(input.subarray(start, start + pieceLength));
    stepAll();
  }
  session.feedEnd();
  stepAll();
  for (const line of textOf(session.vectors()).split("\n")) {
    if (line !== "" && !expected.split("\n").includes(line))
      throw new Error(`${name}: step by step: ${line}, not in ${expected}`);
  }
}

/**
 * What the plan says is what is written, and nothing beside it. Where ops change the number of rows, the plan has
 * the most that a tick can make of them, which a sequence need not come to; but every buffer is begun.
 */
function checkArena(
  name: string,
  model: Model,
  options: readonly SessionOptions[],
  { network, input }: Built,
  expected: string,
): void {
  const changesTime = encodeNetwork(network).ops.some(
    ({ clock }) => clock !== 0 && clock !== NO_CLOCK,
  );
  for (const option of options) {
    const way = `${name}, ${JSON.stringify(option)}: measureArena`;
    const { plan, highWaterBytes, guardsIntact, outputs } = model.measureArena(
      input,
      exactly(option, model, input),
    );
    expectSame(way, textOf(outputs), expected);
    if (!guardsIntact) throw new Error(`${way}: bytes beside the arena were written`);
    const untouched = plan.buffers.filter(({ offset }) => offset >= highWaterBytes);
    const isTight = highWaterBytes + ROW_PADDING_BYTES >= plan.arenaBytes || changesTime;
    if (untouched.length === 0 && isTight) continue;
    throw new Error(`${way}: ${highWaterBytes} bytes were touched, ${plan.arenaBytes} are planned`);
  }
}

/** For no more frames and no larger tiles than there are: only those touch all of their arena. */
function exactly(
  { schedule = "stream", tile }: SessionOptions,
  { info }: Model,
  input: InputArray,
): SessionOptions {
  const maxFrames = framesIn(info, input.length);
  if (schedule !== "stream") return { schedule, maxFrames };
  return { tile: Math.min(tile ?? 1, maxFrames), ...(info.needsMaxFrames && { maxFrames }) };
}

/** The first part in one model and schedule, the rest in another, carried over as bytes. */
function checkSavedStates(
  models: readonly Model[],
  options: readonly SessionOptions[],
  input: InputArray,
  seed: number,
  expected: string,
): void {
  const [before, after] = models as [Model, Model];
  const { info } = before;
  const uniform = uniformNumbers(seed);
  const inputs = inputsOf(before, input);
  for (const [i, from] of options.entries()) {
    const to = options[(i + 1) % options.length] as SessionOptions;
    const cut = Math.floor(uniform() * (inputs + 1)) * info.inputWidth;
    const [first, second] = [before.createSession(from), after.createSession(to)];
    second.push(input.subarray(0, info.inputWidth)); // to be forgotten
    const head = cut > 0 ? first.push(input.subarray(0, cut)) : [];
    second.loadState(first.saveState());
    const tail = cut < input.length ? second.push(input.subarray(cut)) : [];
    const pushed = joinOutputs(info.outputs, head, tail);
    const outputs = joinOutputs(info.outputs, pushed, second.finish());
    const way = `state from ${JSON.stringify(from)} to ${JSON.stringify(to)} at element ${cut}`;
    expectSame(way, textOf(outputs), expected);
    first.dispose();
    second.dispose();
  }
}

function expectSame(way: string, got: string | Uint8Array, expected: string | Uint8Array): void {
  const isSame =
    typeof got === "string" ? got === expected : got.every((byte, i) => byte === expected[i]);
  if (!isSame) throw new Error(`${way}: ${difference(String(got), String(expected))}`);
}

const SHOWN = 120;

function difference(got: string, expected: string): string {
  const at = [...got].findIndex((character, i) => character !== expected[i]);
  const from = Math.max(0, at - SHOWN / 2);
  return `at ${at}: ${got.slice(from, from + SHOWN)}, not ${expected.slice(from, from + SHOWN)}`;
}
