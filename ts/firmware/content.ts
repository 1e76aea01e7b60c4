/**
 * What is in a file of a project. Whole, or as text that is made piece by piece while it is written: a
 * large model as C is longer than a string can be. Knows nothing of what it says.
 */
export type Content = string | Uint8Array | TextInPieces;

/** Text that is made anew each time it is read. */
export class TextInPieces {
  constructor(readonly pieces: () => Iterable<string>) {}
}

const encoder = new TextEncoder();

/** The bytes, a piece at a time. */
export function* bytePieces(content: Content): Iterable<Uint8Array> {
  if (content instanceof Uint8Array) yield content;
  else if (typeof content === "string") yield encoder.encode(content);
  else for (const piece of content.pieces()) yield encoder.encode(piece);
}

/** All the bytes, for who has to have them at once. */
export function wholeBytes(content: Content): Uint8Array {
  const pieces = [...bytePieces(content)];
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
