/**
 * Data as C source. Words, not bytes: a quarter of the text, and every target is little-endian.
 * Knows nothing of what the data is.
 */

const WORDS_A_LINE = 8;
const WORD_BYTES = 4;
/** Long enough to be written quickly, and nothing beside the data itself. */
const LINES_A_PIECE = 4096;

/**
 * `const uint32_t name[count] = {...};` with the words of `bytes`, zero bytes added at the end; in
 * pieces of bounded length.
 */
export function* wordArray(name: string, bytes: Uint8Array, attributes = ""): Iterable<string> {
  const words = wordsOf(bytes);
  yield `${attributes}const uint32_t ${name}[${words.length}] = {\n`;
  const step = WORDS_A_LINE * LINES_A_PIECE;
  for (let first = 0; first < words.length; first += step) {
    yield linesOf(words.subarray(first, first + step));
  }
  yield "};\n";
}

function linesOf(words: Uint32Array): string {
  let text = "";
  for (let i = 0; i < words.length; i++) {
    text += i % WORDS_A_LINE === 0 ? "    " : " ";
    text += hexWord(words[i]!);
    text += (i + 1) % WORDS_A_LINE === 0 || i + 1 === words.length ? ",\n" : ",";
  }
  return text;
}

/** What generated files say of themselves. */
export const GENERATED = "Made by mambalite; do not edit.";

/** A header with an include guard. */
export function header(guard: string, comment: string, body: string): string {
  return (
    `/* ${comment} */\n#ifndef ${guard}\n#define ${guard}\n\n#include <stdint.h>\n\n` +
    `${body}\n#endif\n`
  );
}

/** `#define NAME value` lines; numbers are unsigned. */
export function defines(values: Readonly<Record<string, number | string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `#define ${name} ${typeof value === "number" ? `${value}u` : value}\n`)
    .join("");
}

/** The bytes of an array as they lie in memory. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Of the array that `wordArray` writes. */
export function wordsIn(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / WORD_BYTES);
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const padded = new Uint8Array(wordsIn(bytes) * WORD_BYTES);
  padded.set(bytes);
  return new Uint32Array(padded.buffer);
}

/** Two digits each: a large model is tens of millions of words. */
const HEX_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hexWord(word: number): string {
  const high = HEX_BYTES[word >>> 24]! + HEX_BYTES[(word >>> 16) & 0xff];
  return `0x${high}${HEX_BYTES[(word >>> 8) & 0xff]}${HEX_BYTES[word & 0xff]}`;
}
