/** The WAV reader, for a model at 16 kHz. */
import { readFileSync } from "node:fs";
import { monoSamples } from "../../../ts/audio/recording.js";
import { readWav } from "../../../ts/audio/wav.js";
import { bytesOf, chunk, FLOAT, PCM, RATE_HZ, wav as wavFile } from "../../wav.js";

/** Up to the first samples of most files, and what chunk sizes, blocks and channels go wrong at. */
const HEADER_BYTES = 64;
const NUMBERS = [0, 1, 2, 3, 8, 24, 0xfffe, 0x7ffff000, 0x7fffffff, 0xfffffff8, 0xffffffff];

export const wav = {
  name: "wav",
  seeds,
  read: (bytes: Uint8Array) => monoSamples(readWav(bytes), RATE_HZ),
  mutations: [changeHeader],
};

/** A recording, and every encoding, with chunks to step over and a size that is not known. */
function seeds(): Uint8Array[] {
  const ramp = Int16Array.from({ length: 384 }, (_, i) => 97 * i);
  const floats = Float32Array.from(ramp, (value) => value / 32768);
  const before = Buffer.concat(
    ["cue ", "smpl", "LIST", "fact"].map((kind, i) => chunk(kind, new Uint8Array(9 + i))),
  );
  return [
    new Uint8Array(readFileSync("ts/models/kws/yes.wav")),
    ...[8, 16, 24, 32].map((bits) => wavFile(bytesOf(ramp), { bits, before })),
    wavFile(bytesOf(floats), { encoding: FLOAT, bits: 32 }),
    wavFile(bytesOf(Float64Array.from(floats)), { encoding: FLOAT, bits: 64, before }),
    wavFile(bytesOf(ramp), { subformat: [PCM, ""], dataSize: 0xffffffff }),
    wavFile(bytesOf(ramp), { channels: 2, container: "RF64" }),
  ];
}

/** Another number of 16 or 32 bits, where there are such numbers. */
function changeHeader(bytes: Uint8Array, random: { below(bound: number): number }): Uint8Array {
  const even = Math.min(HEADER_BYTES, bytes.length - 4) / 2;
  if (even < 1) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = 2 * random.below(even);
  const value = NUMBERS[random.below(NUMBERS.length)]!;
  if (random.below(2) === 0) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
  return bytes;
}
