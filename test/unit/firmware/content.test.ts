/** Files of a project that are made in pieces. */
import { describe, expect, test } from "vitest";
import { wordArray } from "../../../ts/firmware/c-source.js";
import { bytePieces, TextInPieces, wholeBytes } from "../../../ts/firmware/content.js";

const PIECE_CHARACTERS = 1 << 19;

/** The bytes of the words in a C array. */
function bytesIn(text: string): Uint8Array {
  const words = [...text.matchAll(/0x([0-9a-f]{8})\b/g)].map(([, hex = ""]) =>
    Number.parseInt(hex, 16),
  );
  return new Uint8Array(Uint32Array.from(words).buffer);
}

describe("data as C", () => {
  test.each([0, 1, 4, 31, 32, 33, 131_072, 131_073, 1_000_001])("%i bytes", (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37) ^ (i >> 8));
    const pieces = [...wordArray("words", bytes, "static ")];
    const text = pieces.join("");
    const words = Math.ceil(length / 4);
    expect(text.startsWith(`static const uint32_t words[${words}] = {\n`)).toBe(true);
    expect(text.endsWith("};\n")).toBe(true);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(120);
    const back = bytesIn(text);
    expect(back.length).toBe(4 * words);
    expect(Buffer.from(back.subarray(0, length)).equals(Buffer.from(bytes))).toBe(true);
  });

  test("no piece is longer for more of it", () => {
    for (const piece of wordArray("words", new Uint8Array(1 << 22))) {
      expect(piece.length).toBeLessThan(PIECE_CHARACTERS);
    }
  });
});

describe("content", () => {
  test("gives the same bytes whole and in pieces, as often as it is read", () => {
    const text = new TextInPieces(function* () {
      yield "über ";
      yield "mamba";
    });
    for (let i = 0; i < 2; i++) {
      expect(new TextDecoder().decode(wholeBytes(text))).toBe("über mamba");
      expect([...bytePieces(text)]).toHaveLength(2);
    }
    expect(wholeBytes("é")).toEqual(Uint8Array.of(0xc3, 0xa9));
    expect(wholeBytes(Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2));
  });
});
