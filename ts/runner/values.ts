/** An input as the bytes that a runner takes for `stream`, little-endian. Knows nothing of how they reach it. */
import { type InputArray, type InputShape, to16Bits } from "../core/input.js";

export interface InputValues {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Samples, tokens, or numbers of frames. */
  readonly count: number;
  readonly bytesEach: number;
}

const INT16_BYTES = 2;
const WORD_BYTES = 4;

/** Samples as a sensor of 16 bits gives them, tokens as int32, all else as float32. */
export function inputValues({ inputKind }: Pick<InputShape, "inputKind">, input: InputArray) {
  if (inputKind === "samples") {
    const words = new Int16Array(input.length);
    to16Bits(input, words);
    return values(words, INT16_BYTES, (view, at, word) => view.setInt16(at, word, true));
  }
  return inputKind === "tokens"
    ? values(input, WORD_BYTES, (view, at, token) => view.setInt32(at, token, true))
    : values(input, WORD_BYTES, (view, at, value) => view.setFloat32(at, value, true));
}

function values(
  from: InputArray | Int16Array,
  bytesEach: number,
  put: (view: DataView, at: number, value: number) => void,
): InputValues {
  const bytes = new Uint8Array(from.length * bytesEach);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of from.entries()) put(view, i * bytesEach, value);
  return { bytes, count: from.length, bytesEach };
}
