/**
 * What it takes to listen for ever: a detector's memory, exactly, its work an hour, whether boards hold it, and its share
 * of real time on this host, measured. Knows nothing of the recordings that it would hear.
 */

import type { Engine } from "../core/engine.js";
import type { OperatorCounts } from "../core/info.js";
import { inputsPerFrame } from "../core/input.js";
import type { Model } from "../core/model.js";
import { type Board, type BoardVerdict, judgePlaced, type WeightsChoice } from "../device/index.js";
import { createDetector, type Detector, type DetectorOptions } from "../streaming/index.js";
import { exampleInput } from "./example-input.js";

export interface DetectorProfile {
  readonly mode: "running" | "exact";
  /** Of exact windows; a running model has its own inside. */
  readonly windowFrames?: number;
  readonly hopFrames?: number;
  /** All of its memory on a board. */
  readonly arenaBytes: number;
  readonly weightsBytes: number;
  /** Exact; null where nothing says how many frames come a second. */
  readonly anHour: {
    readonly answers: number;
    readonly macs: number;
    readonly exps: number;
  } | null;
  /** Of this host: seconds of work in a second of the stream, measured; null as above. */
  readonly hostShare: number | null;
  readonly boards: readonly BoardVerdict[];
}

const SECONDS_AN_HOUR = 3600;
/** Long enough for some windows, short enough to wait for. */
const MEASURED_SECONDS = 3;

/** @throws BadArgument, BadModel, OutOfMemory */
export async function profileDetector(
  engine: Engine,
  options: DetectorOptions,
  boards: readonly Board[],
  weights?: WeightsChoice,
): Promise<DetectorProfile> {
  const detector = await createDetector(engine, options);
  const model = await engine.loadModel(options.model);
  const front = options.front && (await engine.loadModel(options.front));
  try {
    const { windowFrames, hopFrames, tile, arenaBytes } = detector.setup;
    const { info } = front ?? model;
    const weightsBytes = options.model.length + (options.front?.length ?? 0);
    const portion = tile * inputsPerFrame(info) * info.inputWidth;
    const callerBytes = portion * Float32Array.BYTES_PER_ELEMENT;
    const needs = { arenaBytes, callerBytes, weightsBytes };
    return {
      mode: windowFrames === 0 ? "running" : "exact",
      ...(windowFrames > 0 && { windowFrames, hopFrames }),
      ...{ arenaBytes, weightsBytes },
      anHour: workAnHour(detector, model, front),
      hostShare: detector.rateHz === undefined ? null : measuredShare(detector, info),
      boards: boards.map((board) => judgePlaced(board, needs, weights)),
    };
  } finally {
    for (const held of [detector, model, front]) held?.dispose();
  }
}

function workAnHour(
  { rateHz, setup }: Detector,
  model: Model,
  front: Model | undefined,
): DetectorProfile["anHour"] {
  if (rateHz === undefined) return null;
  const { windowFrames, hopFrames, tile } = setup;
  const frames = Math.floor((SECONDS_AN_HOUR * rateHz) / inputsPerFrame((front ?? model).info));
  if (windowFrames === 0) {
    const inputs = SECONDS_AN_HOUR * rateHz;
    const [shape] = model.outputShapes(inputs);
    return { answers: shape![0]!, ...sumOf(model.operatorCounts(frames, { tile })) };
  }
  const answers = Math.max(0, 1 + Math.floor((frames - windowFrames) / hopFrames));
  const made = front === undefined ? NO_WORK : sumOf(front.operatorCounts(frames, { tile }));
  const window = sumOf(model.operatorCounts(windowFrames, { tile }));
  return {
    answers,
    macs: made.macs + answers * window.macs,
    exps: made.exps + answers * window.exps,
  };
}

const NO_WORK = { macs: 0, exps: 0 } as const;

function sumOf(counts: readonly OperatorCounts[]): { macs: number; exps: number } {
  return {
    macs: counts.reduce((sum, { macs }) => sum + macs, 0),
    exps: counts.reduce((sum, { exps }) => sum + exps, 0),
  };
}

function measuredShare(detector: Detector, info: Model["info"]): number {
  const rateHz = detector.rateHz!;
  const frames = Math.ceil((MEASURED_SECONDS * rateHz) / inputsPerFrame(info));
  const input = exampleInput(info, frames);
  detector.push(input);
  const start = performance.now();
  detector.push(input);
  const seconds = (performance.now() - start) / 1000;
  return seconds / (input.length / info.inputWidth / rateHz);
}
