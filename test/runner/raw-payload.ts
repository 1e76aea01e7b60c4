/**
 * Payloads byte by byte, sound or broken as a test wants them, after docs/runner.md. Written apart from ts/runner's
 * writer, which makes none that is broken.
 */
import { crc32 } from "node:zlib";

const HEADER_BYTES = 64;
const BLOB_ALIGNMENT = 64;
const MAGIC = "MLMRUN1\0";

/** Byte offsets of words that a test may want to be others. */
export const WORDS = {
  bytes: 8,
  crc: 12,
  blobOffset: 16,
  blobBytes: 20,
  schedule: 24,
  tile: 28,
  maxFrames: 32,
  arenaBytes: 36,
  exampleOffset: 40,
  exampleValues: 44,
  exampleKind: 48,
  labelsOffset: 52,
} as const;
export type Words = { [word in keyof typeof WORDS]?: number };

export interface Parts {
  readonly blob: Uint8Array;
  readonly tile?: number;
  readonly example?: { readonly bytes: Uint8Array; readonly values: number; readonly kind: number };
  readonly labels?: readonly string[];
  /** What the header says instead; its CRC-32 is right all the same, unless it is among them. */
  readonly instead?: Words;
}

const aligned = (offset: number, to: number) => Math.ceil(offset / to) * to;

export function rawPayload({ blob, tile = 1, example, labels, instead = {} }: Parts): Uint8Array {
  const text = labels === undefined ? undefined : Buffer.from(`${labels.join("\n")}\0`, "latin1");
  const blobOffset = HEADER_BYTES;
  const exampleOffset = aligned(blobOffset + blob.length, BLOB_ALIGNMENT);
  const labelsOffset = exampleOffset + (example?.bytes.length ?? 0);
  const bytes = aligned(labelsOffset + (text?.length ?? 0), 4);
  const payload = Buffer.alloc(bytes);
  payload.write(MAGIC, 0, "latin1");
  payload.set(blob, blobOffset);
  if (example) payload.set(example.bytes, exampleOffset);
  if (text) payload.set(text, labelsOffset);
  const words: Words = {
    ...{ bytes, blobOffset, blobBytes: blob.length, tile },
    ...(example && { exampleOffset, exampleValues: example.values, exampleKind: example.kind }),
    ...(text && { labelsOffset }),
    ...instead,
  };
  for (const [word, value] of Object.entries(words)) {
    payload.writeUInt32LE(value, WORDS[word as keyof Words]);
  }
  if (instead.crc === undefined) payload.writeUInt32LE(crc32(payload.subarray(16)), WORDS.crc);
  return new Uint8Array(payload);
}
