/** Audio files that are hostile or odd, through the real command line: one line, soon, in little memory. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { BLOCK_SAMPLES, silentFlac } from "../flac.js";
import { bytesOf, chunk, FLOAT, RATE_HZ, wav } from "../wav.js";
import { failure, json, kwsInput, root, temporaryFolder } from "./support.js";

const temporary = temporaryFolder();
const MAX_SECONDS = 5;
const MAX_KIB = 256 * 1024;
/** Writes what the process took at most, in KiB, when it ends. */
const REPORT_MEMORY =
  "data:text/javascript,process.on('exit',()=>console.error('KiB',process.resourceUsage().maxRSS))";

const second = new Uint8Array(readFileSync(kwsInput)).subarray(44);
const all = new Uint8Array(8).fill(0xff);

function write(name: string, bytes: Uint8Array): string {
  mkdirSync(dirname(temporary(name)), { recursive: true });
  writeFileSync(temporary(name), bytes);
  return temporary(name);
}

function run(path: string): string[] {
  return ["run", "kws", "--input", path];
}

/** The line of a `run` that fails, within the bounds of time and memory. */
function boundedFailure(name: string, bytes: Uint8Array): string {
  const began = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--import", REPORT_MEMORY, join(root, "scripts/mambalite.mjs"), ...run(write(name, bytes))],
    { encoding: "utf8", timeout: 1000 * MAX_SECONDS },
  );
  expect((performance.now() - began) / 1000).toBeLessThan(MAX_SECONDS);
  expect(status).toBeGreaterThan(0);
  const [, line, kib] = /^(mambalite: [^\n]+)\nKiB (\d+)\n$/.exec(stderr) ?? [stderr];
  expect(line).toBeDefined();
  expect(line).not.toMatch(/unexpected error/);
  expect(Number(kib)).toBeLessThan(MAX_KIB);
  return line!;
}

/** A stereo WAV whose format's second half and what follows are the word "cue ". */
function bomb(): Uint8Array {
  const whole = wav(second, { channels: 2 });
  const AT = 28;
  const words = Buffer.from("cue ".repeat(16), "latin1");
  return Buffer.concat([whole.subarray(0, AT), words, whole.subarray(AT, 1270)]);
}

describe("a file that stands for far more than it is", () => {
  it("of cue points is refused", () => {
    expect(boundedFailure("bomb.wav", bomb())).toMatch(
      /bomb\.wav: not a valid wav file: encoding 1 with 8293 bits/,
    );
  });

  it("of 131 million samples of FLAC is refused", () => {
    for (const says of [0, 2000 * BLOCK_SAMPLES]) {
      expect(boundedFailure("silence.flac", silentFlac(2000, says))).toMatch(
        /silence\.flac: bad input: expected audio of at most 33554432 samples, got \d+/,
      );
    }
  });

  it("of zeros in RIFF is refused", () => {
    const zeros = new Uint8Array(20_000_000);
    zeros.set(wav(new Uint8Array(0)).subarray(0, 12));
    expect(boundedFailure("zeros.wav", zeros)).toMatch(
      /zeros\.wav: .*no samples in its first 4096 chunks/,
    );
  });

  it("of chunks that count more than they have is what its samples are", () => {
    const before = Buffer.concat(["cue ", "smpl", "LIST", "iXML"].map((name) => chunk(name, all)));
    expect(json(run(write("chunks.wav", wav(second, { before }))))).toEqual(json(run(kwsInput)));
    expect(json(run(write("one.flac", silentFlac(1)))).results).toHaveLength(1);
  });
});

describe("a WAV", () => {
  it("from a pipe is read to its end", () => {
    const piped = write("piped.wav", wav(second, { dataSize: 0xffffffff }));
    expect(json(run(piped))).toEqual(json(run(kwsInput)));
  });

  it("is refused alike as an input and in a data set", () => {
    const spoilt = bytesOf(new Float32Array(RATE_HZ).fill(Number.NaN, 5));
    const mistakes: [string, Uint8Array, RegExp][] = [
      ["stereo", wav(second, { channels: 2 }), /in 1 channel, got 16000 Hz in 2 channels/],
      ["short", wav(second).subarray(0, 900), /cut short: 856 of 32000 bytes of samples/],
      ["empty", wav(new Uint8Array(0)), /it has no samples/],
      ["big", wav(second, { container: "RIFX" }), /container is RIFX/],
      ["nan", wav(spoilt, { encoding: FLOAT, bits: 32 }), /non-finite value NaN at \[5\]/],
    ];
    for (const [name, bytes, expected] of mistakes) {
      const path = write(`${name}/yes/a.wav`, bytes);
      expect(failure(run(path))).toMatch(expected);
      expect(failure(["eval", "kws", "--dataset", temporary(name)])).toMatch(expected);
    }
  });
});
