/** The FLAC reader, of any rate. */
import { readdirSync, readFileSync } from "node:fs";
import { readFlac } from "../../../ts/audio/flac.js";
import { BLOCK_SAMPLES, silentFlac } from "../../flac.js";

const FOLDER = "test/unit/audio/fixtures";
/** Of STREAMINFO in a file that begins with it: the length, but for its first four bits, and the MD5. */
const LENGTH_AND_MD5 = [22, 42] as const;
const FRAME_HEAD_BYTES = 24;

export const flac = {
  name: "flac",
  seeds,
  read: (bytes: Uint8Array) => readFlac(bytes).samples(),
  mutations: [forget, damageFrames],
};

/** Every kind of subframe from Xiph's encoder, and silence that is far longer than its file. */
function seeds(): Uint8Array[] {
  const encoded = readdirSync(FOLDER).filter((file) => file.endsWith(".flac"));
  return [
    ...encoded.map((file) => new Uint8Array(readFileSync(`${FOLDER}/${file}`))),
    silentFlac(1),
    silentFlac(40),
    silentFlac(40, 40 * BLOCK_SAMPLES),
  ];
}

/** Neither how long it is nor what the samples were: read to the end of the file. */
function forget(bytes: Uint8Array): Uint8Array {
  return bytes.fill(0, ...LENGTH_AND_MD5);
}

/** What a frame says of itself is in its first bytes; a frame is read before its checksum is. */
function damageFrames(bytes: Uint8Array, random: { below(bound: number): number }): Uint8Array {
  const starts = [...bytes.keys()].filter((at) => bytes[at] === 0xff && bytes[at + 1] === 0xf8);
  const start = starts[random.below(starts.length)];
  const at = (start ?? 0) + random.below(FRAME_HEAD_BYTES);
  if (at < bytes.length) bytes[at] = random.below(256);
  return bytes;
}
