/**
 * Data as C source. Words, not bytes: a quarter of the text, and every target is little-endian.
 * Knows nothing of what the data is.
 */

const WORDS_A_LINE = 8;
const WORD_BYTES = 4;

/** `const uint32_t name[count] = {...};` with the words of `bytes`, zero bytes added at the end. */
export function wordArray(name: string, bytes: Uint8Array, attributes = ""): string {
  const words = wordsOf(bytes);
  const lines: string[] = [];
  for (let first = 0; first < words.length; first += WORDS_A_LINE) {
    const line = Array.from(words.subarray(first, first + WORDS_A_LINE), hexWord);
    lines.push(`    ${line.join(", ")},\n`);
  }
  return `${attributes}const uint32_t ${name}[${words.length}] = {\n${lines.join("")}};\n`;
}

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

function wordsOf(bytes: Uint8Array): Uint32Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / WORD_BYTES) * WORD_BYTES);
  padded.set(bytes);
  return new Uint32Array(padded.buffer);
}

function hexWord(word: number): string {
  return `0x${word.toString(16).padStart(8, "0")}`;
}
