/**
 * What may lie behind a runner in flash and is not a model that it can run, in QEMU: each is a line on the console, nothing
 * faults, and the command line answers.
 */
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type EmulatedBoard, Emulation, flashOf, imageFor, noEmulator } from "./emulated-board.js";
import { boardModel, exampleOf, kindsIn } from "./models.js";
import { rawPayload, type Words } from "./raw-payload.js";

const skipped = noEmulator();
const TIMEOUT_MS = 120_000;
const { blob, ...model } = boardModel("har-int");
const example = exampleOf({ blob, ...model }, model.recordings[0]!);
const kinds = await kindsIn(blob);
const sound = rawPayload({ blob, example });

function changed(bytes: Uint8Array, at: number, to: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = to;
  return copy;
}

const blobWith = (at: number, to: number) => rawPayload({ blob: changed(blob, at, to), example });
const header = (instead: Words) => rawPayload({ blob, example, instead });
const BLOB_VERSION_AT = 4;
const BLOB_LENGTH_AT = 8;
const WHOLE_SEQUENCE = 2 ** 20;

/** Labels that are the example, which has no NUL and ends with the payload. */
function withoutEnd(): Uint8Array {
  const ones = { bytes: new Uint8Array(36).fill(0xff), values: 9, kind: 2 };
  const labelsOffset = Math.ceil((64 + blob.length) / 64) * 64;
  return rawPayload({ blob, example: ones, instead: { labelsOffset } });
}

const RANDOM_PAYLOADS = 16;
const BLOB_AT = 64;
const BLOB_CRC_AT = 12;
/** Header, op and tensor records. */
const RECORDS_BYTES = 3000;

/** A word of the payload's header or of the blob's records is another one. */
function withRandomWords(seed: number): Uint8Array {
  const payload = Buffer.from(sound);
  const random = lehmer(seed);
  const at = 4 * Math.floor(random() * ((BLOB_AT + RECORDS_BYTES) / 4));
  const values = [0, 1, 0xffff_ffff, 0x8000_0000, Math.floor(random() * 2 ** 32)];
  const value = values[Math.floor(random() * values.length)]!;
  // Not the magic and lengths in front, which have cases of their own.
  payload.writeUInt32LE(value, Math.max(at, 16));
  const inBlob = payload.subarray(BLOB_AT, BLOB_AT + blob.length);
  inBlob.writeUInt32LE(0, BLOB_CRC_AT);
  inBlob.writeUInt32LE(crc32(inBlob), BLOB_CRC_AT);
  payload.writeUInt32LE(crc32(payload.subarray(16)), 12);
  return new Uint8Array(payload);
}

/** Lehmer's generator: numbers in [0, 1). */
function lehmer(seed: number): () => number {
  let state = seed * 7919;
  return () => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state / 0x7fff_ffff;
  };
}

const outside = (what: string) => `the payload's ${what} leads outside of it`;
const CASES: readonly (readonly [string, Uint8Array, string | RegExp])[] = [
  ["erased flash", new Uint8Array(64).fill(0xff), "no model: the flash behind the runner is empty"],
  ["zeros", new Uint8Array(64), "no model: what lies behind the runner is no payload"],
  ["another magic", changed(sound, 6, 0x32), "no model: what lies behind the runner is no payload"],
  [
    "a damaged payload",
    changed(sound, 5000, 0x55),
    "the payload is damaged: its CRC-32 is another",
  ],
  ["a payload cut off", sound.subarray(0, 9000), "the payload is damaged: its CRC-32 is another"],
  ["a length below the header's", header({ bytes: 63 }), "the payload's length is not possible"],
  ["a length beyond flash", header({ bytes: 0xffff_fff0 }), "the payload's length is not possible"],
  ["a blob in the header", header({ blobOffset: 48 }), outside("blob")],
  ["a blob that is not aligned", header({ blobOffset: 72 }), outside("blob")],
  ["a blob beyond 4 GB", header({ blobOffset: 0xffff_ffc0 }), outside("blob")],
  ["a blob that is too long", header({ blobBytes: 0xffff_ffff }), outside("blob")],
  [
    "a blob that is too short",
    header({ blobBytes: 90 }),
    /^the model is refused: MLM_ERR_TRUNCATED/,
  ],
  ["an empty blob", header({ blobBytes: 0 }), /^the model is refused: MLM_ERR_TRUNCATED/],
  ["a damaged blob", blobWith(20_000, 0x11), /^the model is refused: MLM_ERR_CRC/],
  [
    "a blob of another version",
    blobWith(BLOB_VERSION_AT, 3),
    /^the model is refused: MLM_ERR_VERSION, index 0, wanted 2, found 3$/,
  ],
  ["a blob that is none", blobWith(0, 0), /^the model is refused: MLM_ERR_MAGIC/],
  [
    "a blob whose length lies",
    blobWith(BLOB_LENGTH_AT, 0),
    /^the model is refused: MLM_ERR_TRUNCATED/,
  ],
  [
    "a schedule that does not exist",
    header({ schedule: 7 }),
    /^the model cannot be planned with these options: MLM_ERR_ARGUMENT/,
  ],
  [
    "no tile",
    header({ tile: 0 }),
    /^the model cannot be planned with these options: MLM_ERR_ARGUMENT/,
  ],
  [
    "a model that is too large",
    header({ tile: 4096 }),
    /^the model is too large: it needs \d+ bytes of RAM, there are \d+$/,
  ],
  [
    "a sequence beyond all memory",
    header({ schedule: 1, tile: 0, maxFrames: WHOLE_SEQUENCE }),
    /^the model is too large|TOO_LARGE/,
  ],
  ["an example in the header", header({ exampleOffset: 4 }), outside("example")],
  ["an example that is not aligned", header({ exampleOffset: 66 }), outside("example")],
  ["an example that is too long", header({ exampleValues: 0x4000_0000 }), outside("example")],
  [
    "an example of an unknown kind",
    header({ exampleKind: 9 }),
    "the payload's example is of a kind that this runner does not know",
  ],
  [
    "an example of the wrong kind",
    header({ exampleKind: 1 }),
    "the payload's example is of another kind than the model's inputs",
  ],
  [
    "an example that is no whole frames",
    header({ exampleValues: 10 }),
    "the payload's example is no whole number of frames",
  ],
  [
    "labels outside",
    header({ labelsOffset: 0xffff_fff0 }),
    "the payload's labels lead outside of it",
  ],
  ["labels without an end", withoutEnd(), "the payload's labels lead outside of it"],
];

const BOARDS: readonly EmulatedBoard[] = ["microbit", "stm32f405"];

describe.skipIf(skipped !== "").each(BOARDS)(`%s${skipped}`, { timeout: TIMEOUT_MS }, (board) => {
  test.each(CASES)("%s is said, and the command line answers", async (_, payload, wrong) => {
    await using emulation = await Emulation.start(board, flashOf(imageFor(board, kinds), payload));
    const said = await emulation.start();
    expect(said.slice(-3)).toEqual(["model none", expect.stringMatching(/^status /), "ready"]);
    const why = said.at(-2)!.slice("status ".length);
    if (typeof wrong === "string") expect(why).toBe(wrong);
    else expect(why).toMatch(wrong);
    for (const command of ["run", "report", "stream 9 reset"]) {
      expect(await emulation.command(command)).toEqual([`status ${why}`]);
    }
    const info = await emulation.command("info");
    expect(info.slice(-2)).toEqual(["model none", `status ${why}`]);
    expect((await emulation.command("help")).at(-1)).toBe("status ok");
    expect(emulation.text).not.toMatch(/unhandled|fault/i);
  });

  test("words of header and blob at random, with both CRC-32 right, never end it", async () => {
    const image = imageFor(board, kinds);
    for (let seed = 1; seed <= RANDOM_PAYLOADS; seed++) {
      const flash = flashOf(image, withRandomWords(seed));
      await using emulation = await Emulation.start(board, flash);
      await emulation.start();
      expect((await emulation.command("help")).at(-1), `seed ${seed}`).toBe("status ok");
      expect(emulation.text, `seed ${seed}`).not.toMatch(/unhandled|fault/i);
    }
  });

  test("a model without an example says so, and takes a stream", async () => {
    const flash = flashOf(imageFor(board, kinds), rawPayload({ blob, labels: ["a", "b"] }));
    await using emulation = await Emulation.start(board, flash);
    const said = await emulation.start();
    expect(said).toContain("self-test MLM_OK");
    expect(said.at(-2)).toBe("status no example came with the model");
    const answer = await emulation.stream("stream 9 reset", new Uint8Array(36), 4);
    expect(answer.at(-1)).toBe("status ok");
  });
});
