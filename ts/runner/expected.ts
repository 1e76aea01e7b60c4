/** What the simulation says of an input that went to a board: the bits that the board must give. Knows no boards. */
import { as16Bits, framesIn, type InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import { hexWord } from "../hex-word.js";
import type { BoardAnswer } from "./console.js";

/** Of all outputs that are vectors, in their order, as a board gives them. */
export function expectedBits(model: Model, input: InputArray): string[] {
  const session = model.createSession({ maxFrames: framesIn(model.info, input.length) });
  try {
    const vectors = session
      .run(as16Bits(model.info, input))
      .filter(({ shape }) => shape.length === 1);
    return vectors.flatMap(({ data }) => {
      const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
      return Array.from(words, hexWord);
    });
  } finally {
    session.dispose();
  }
}

/** The first logit that is not the simulation's, in words; undefined where all are. */
export function firstDifference(
  { logitsBits }: BoardAnswer,
  expected: readonly string[],
): string | undefined {
  if (logitsBits.length !== expected.length) {
    return `${logitsBits.length} logits where the simulation has ${expected.length}`;
  }
  const at = expected.findIndex((bits, i) => bits !== logitsBits[i]);
  return at < 0 ? undefined : `logit ${at} is ${logitsBits[at]}, not ${expected[at]}`;
}
