/**
 * What quantisation did to a network, as the command line and the page both show it: its error against float32, its
 * sizes, the boards that it fits now. Knows nothing of how the network was quantised.
 */

import type { Model } from "../core/model.js";
import { classOutput, type Outputs } from "../core/outputs.js";
import { BOARDS, judge, needsOf } from "../device/index.js";
import { hexWord } from "../hex-word.js";
import { compareOutputs } from "../profile/accuracy.js";

/** Of a quantised network, whatever its type. */
export interface CommonReport {
  /** Of the blob, eight hexadecimal digits. */
  readonly crc32: string;
  /** Whether the first output says a class. */
  readonly hasClasses: boolean;
  readonly before: Sizes;
  readonly after: Sizes;
  /** Names of boards that the float network does not fit, and this one does. */
  readonly boards: readonly string[];
}

/** Against float32, over inputs. */
export interface Evaluation {
  readonly inputs: number;
  /** Of the first output, where it says a class. */
  readonly sameClasses: number;
  /** Of all outputs, relative to the largest magnitude of each. */
  readonly meanRelative: number;
  readonly maxRelative: number;
}

export interface Sizes {
  readonly blobBytes: number;
  readonly weightsBytes: number;
  /** Of a session that streams frame by frame; absent where that depends on the length of the input. */
  readonly arenaBytes?: number;
}

/** Of two open models: the one in float32, and what became of it, which passes its self-test. @throws SelfTestFailed */
export function commonReport(before: Model, after: Model): CommonReport {
  after.selfTest();
  return {
    crc32: hexWord(after.info.crc32),
    hasClasses: (classOutput(before.info.outputs)?.width ?? 1) > 1,
    before: sizesOf(before),
    after: sizesOf(after),
    boards: boardsThatNowFit(before, after),
  };
}

export function evaluate(outputs: readonly Outputs[], reference: readonly Outputs[]): Evaluation {
  const [first = []] = reference;
  const expected = first.map((_, i) =>
    reference.map((each) => each[i]?.data ?? new Float32Array(0)),
  );
  const { sameClasses, meanRelative, maxRelative } = compareOutputs(outputs, expected).all;
  return { inputs: outputs.length, sameClasses, meanRelative, maxRelative };
}

function sizesOf(model: Model): Sizes {
  const { blobBytes, needsMaxFrames } = model.info;
  const weightsBytes = model.tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  const sizes = { blobBytes, weightsBytes };
  return needsMaxFrames ? sizes : { ...sizes, arenaBytes: model.plan().arenaBytes };
}

function boardsThatNowFit(before: Model, after: Model): string[] {
  if (before.info.needsMaxFrames) return [];
  const already = boardsThatFit(before);
  return boardsThatFit(after).filter((name) => !already.includes(name));
}

function boardsThatFit(model: Model): string[] {
  const needs = needsOf(model.plan(), model.info.blobBytes);
  return BOARDS.filter((board) => judge(board, needs).fits).map(({ name }) => name);
}
