/** FLAC files: every kind of subframe, exactly, and whatever is wrong with them. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isAudio, readAudio } from "../../../ts/audio/index.js";
import { MAX_SAMPLES } from "../../../ts/audio/recording.js";
import { BadFile, BadInput } from "../../../ts/core/errors.js";
import { BLOCK_SAMPLES, silentFlac } from "../../flac.js";

const FIXTURES = new URL("./fixtures/", import.meta.url);
const RATE_HZ = 16_000;

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.flac`, FIXTURES)));
}

/** What Xiph's decoder makes of a fixture: the MD5 of its integers. */
function decodedMd5(name: string): string | undefined {
  const lines = readFileSync(new URL("decoded.md5", FIXTURES), "utf8");
  return new RegExp(`^(\\S+) ${name}\\.flac$`, "m").exec(lines)?.[1];
}

function md5(samples: Int16Array | Int8Array): string {
  return createHash("md5").update(samples).digest("hex");
}

describe("FLAC", () => {
  test.each(["lpc", "fixed", "small_blocks", "noise", "silence", "wasted"])(
    "%s: every sample is an integer of the file / 32768",
    (name) => {
      const samples = readAudio(fixture(name), RATE_HZ);
      expect(md5(Int16Array.from(samples, (value) => value * 32768))).toBe(decodedMd5(name));
    },
  );

  test("8 bits are divided by 128", () => {
    const samples = readAudio(fixture("bits8"), RATE_HZ);
    expect(md5(Int8Array.from(samples, (value) => value * 128))).toBe(decodedMd5("bits8"));
  });

  test("other rates, channels and sizes are refused with the numbers", () => {
    expect(isAudio(fixture("stereo"))).toBe(true);
    const refusal = (name: string) => () => readAudio(fixture(name), RATE_HZ);
    expect(refusal("stereo")).toThrow(BadInput);
    expect(refusal("stereo")).toThrow(/16000 Hz in 1 channel, got 16000 Hz in 2 channels/);
    expect(refusal("rate8000")).toThrow(/16000 Hz in 1 channel, got 8000 Hz in 1 channel$/);
    expect(refusal("bits24")).toThrow(/24 bits a sample, expected 16 or fewer/);
  });

  test("a file cut anywhere is refused", () => {
    const bytes = fixture("fixed");
    for (let length = 0; length < bytes.length; length += 97) {
      expect(() => readAudio(bytes.subarray(0, length), RATE_HZ)).toThrow(BadFile);
    }
  });

  test("a file with any byte of its frames changed is refused", () => {
    for (const name of ["lpc", "noise", "wasted"]) {
      const bytes = fixture(name);
      const frames = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xf8);
      for (let at = frames; at < bytes.length; at += 13) {
        const damaged = bytes.slice();
        damaged[at]! ^= 0x41;
        expect(() => readAudio(damaged, RATE_HZ)).toThrow(BadFile);
      }
    }
  });

  test("without an MD5 the checksums of the frames are what is tested", () => {
    const bytes = fixture("lpc");
    const md5Offset = 26;
    bytes.fill(0, md5Offset, md5Offset + 16);
    expect(readAudio(bytes, RATE_HZ)).toEqual(readAudio(fixture("lpc"), RATE_HZ));
    bytes[bytes.length - 100]! ^= 1;
    expect(() => readAudio(bytes, RATE_HZ)).toThrow(BadFile);
  });

  test("a stream that does not say its length is read to its end", () => {
    const bytes = fixture("lpc");
    const LENGTH_OFFSET = 21; // of its last 36 bits, the whole bytes
    bytes[LENGTH_OFFSET]! &= 0xf0;
    bytes.fill(0, LENGTH_OFFSET + 1, LENGTH_OFFSET + 5);
    expect(readAudio(bytes, RATE_HZ)).toEqual(readAudio(fixture("lpc"), RATE_HZ));
    expect(() => readAudio(bytes.subarray(0, -1), RATE_HZ)).toThrow(/cut short/);
  });

  test("more or fewer samples than it says are refused", () => {
    expect(readAudio(silentFlac(2, 2 * BLOCK_SAMPLES), RATE_HZ)).toHaveLength(2 * BLOCK_SAMPLES);
    expect(() => readAudio(silentFlac(2, 2 * BLOCK_SAMPLES - 1), RATE_HZ)).toThrow(
      /holds 131072 samples and says 131071/,
    );
    expect(() => readAudio(silentFlac(2, MAX_SAMPLES), RATE_HZ)).toThrow(/cut short/);
    expect(() => readAudio(silentFlac(0), RATE_HZ)).toThrow(
      /not a valid flac file: it has no samp/,
    );
  });

  test("too many samples are refused, whether the file says how many or not", () => {
    const most = MAX_SAMPLES / BLOCK_SAMPLES;
    expect(readAudio(silentFlac(most), RATE_HZ)).toHaveLength(MAX_SAMPLES);
    for (const bytes of [
      silentFlac(most + 1),
      silentFlac(1, MAX_SAMPLES + 1),
      silentFlac(1, 2 ** 36 - 1),
    ]) {
      expect(() => readAudio(bytes, RATE_HZ)).toThrow(BadInput);
      expect(() => readAudio(bytes, RATE_HZ)).toThrow(/at most 33554432 samples, got \d+/);
    }
  });
});
