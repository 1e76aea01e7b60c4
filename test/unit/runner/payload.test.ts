/** What a runner is given of a model, read back apart from the writer; and what has no room. */
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { as16Bits, framesIn } from "../../../ts/core/input.js";
import { BUNDLED_MODELS } from "../../../ts/models/node.js";
import { createBlob, Engine, type Model, type SessionOptions } from "../../../ts/node.js";
import { exampleInput } from "../../../ts/profile/index.js";
import {
  besideArenaBytes,
  boardFile,
  type Runner,
  type RunnerImage,
} from "../../../ts/runner/index.js";
import { payloadOf } from "../../../ts/runner/payload.js";
import { paperNetwork, tiedLanguageModel } from "../core/networks.js";
import { readHex, readPayload, readUf2 } from "./readers.js";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.load();
});

const [KWS, HAR] = BUNDLED_MODELS;

interface Opened {
  readonly model: Model;
  readonly blob: Uint8Array;
}

async function opened(blob: Uint8Array): Promise<Opened> {
  return { model: await engine.loadModel(blob), blob };
}

/** Of a model as a runner takes it, with an input of so many frames. */
function given({ model, blob }: Opened, options: SessionOptions, frames: number) {
  const { info, ops, labels } = model;
  const input = as16Bits(info, exampleInput(info, frames));
  const plan = model.plan({ ...options, maxFrames: framesIn(info, input.length) });
  return { input, firmware: { blob, info, ops, labels, plan } };
}

function bytesOf(values: ArrayBufferView): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

describe("a payload", () => {
  it("has the blob, the options, frames as floats and the labels", async () => {
    const har = await opened(readFileSync(HAR!.blob));
    const { input, firmware } = given(har, { tile: 4 }, 12);
    const read = readPayload(payloadOf(firmware, input));
    expect(bytesOf(read.blob).equals(bytesOf(har.blob))).toBe(true);
    expect(read).toMatchObject({ schedule: 0, tile: 4, maxFrames: 0, kind: 2 });
    expect(read.arenaBytes).toBe(firmware.plan.arenaBytes);
    expect(bytesOf(read.example).equals(bytesOf(input))).toBe(true);
    expect(read.labels).toEqual(har.model.labels);
    expect(read.bytes % 4).toBe(0);
  });

  it("of a whole sequence has no tile and its longest sequence", async () => {
    const har = await opened(readFileSync(HAR!.blob));
    const { input, firmware } = given(har, { schedule: "layer" }, 20);
    const read = readPayload(payloadOf(firmware, input));
    expect(read).toMatchObject({ schedule: 1, tile: 0, maxFrames: 20 });
  });

  it("is refused where a bounded plan has no room for the self-test", async () => {
    const har = await opened(readFileSync(HAR!.blob));
    const { input, firmware } = given(har, { schedule: "layer" }, 2);
    expect(() => payloadOf(firmware, input)).toThrow(
      /^bad input: expected at least the \d+ frames of the model's self-test, got 2$/,
    );
  });

  it("has samples as the model takes them: 16 bits, or floats", async () => {
    const kinds = await Promise.all(
      [KWS!.integers.blob, KWS!.blob].map(async (url) => {
        const kws = await opened(readFileSync(url));
        const { input, firmware } = given(kws, {}, 3);
        const { kind, example } = readPayload(payloadOf(firmware, input));
        const samples =
          kind === 1
            ? Float32Array.from(input, (_, i) => example.readInt16LE(2 * i) / 32_768)
            : Float32Array.from(input, (_, i) => example.readFloatLE(4 * i));
        expect(samples).toEqual(input);
        return kind;
      }),
    );
    expect(kinds).toEqual([1, 2]);
  });

  it("has tokens as words, and no labels where there are none", async () => {
    const words = await opened(await createBlob(engine, tiedLanguageModel()));
    const { input, firmware } = given(words, {}, 7);
    const read = readPayload(payloadOf(firmware, input));
    expect(read.kind).toBe(3);
    expect(bytesOf(read.example).equals(bytesOf(input))).toBe(true);
    expect(read.labels).toEqual([]);
  });

  it("has labels in ASCII", async () => {
    const { input, firmware } = given(
      await opened(await createBlob(engine, paperNetwork())),
      {},
      7,
    );
    expect(firmware.labels).toEqual(["yes", "no", "grün"]);
    expect(readPayload(payloadOf(firmware, input)).labels).toEqual(["yes", "no", "gr?n"]);
  });

  it("has a reader that sees damage", async () => {
    const har = await opened(readFileSync(HAR!.integers.blob));
    const { input, firmware } = given(har, {}, 5);
    const payload = payloadOf(firmware, input);
    const changed = (at: number, isSound: boolean) => () => {
      const copy = payload.slice();
      copy[at]! ^= 0x80;
      if (isSound) new DataView(copy.buffer).setUint32(12, crc32(copy.subarray(16)), true);
      readPayload(copy);
    };
    expect(changed(0, false)).toThrow("no model");
    expect(changed(10, false)).toThrow("its length");
    expect(changed(64, false)).toThrow("its CRC-32");
    expect(changed(19, true)).toThrow("leads outside");
    expect(changed(47, true)).toThrow("leads outside");
  });
});

const RUNNER_BYTES = Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff);

const FLOATS = ["linear", "affine", "norm", "pool"];
const INTEGERS = [
  ...["quantize", "dequantize", "linear_int", "norm_int", "pool_int", "causal_conv_int"],
  ...["selective_scan_int", "gate_int", "arithmetic_int"],
];

function image(more: Partial<RunnerImage>): RunnerImage {
  return {
    ...{ name: "a board", catalogue: "rp2040", file: "board.bin", base: 0x1000_0000, bytes: 1000 },
    ...{ crc32: crc32(RUNNER_BYTES).toString(16).padStart(8, "0"), payload: 0x1000_0800 },
    ...{ payloadBytes: 1 << 20, arenaBytes: 1 << 18, arena: "sram", format: "bin", baud: 115_200 },
    ops: INTEGERS,
    ...more,
  };
}

/** A board of which every file is the same. */
function runner(more: Partial<RunnerImage>, bytes = RUNNER_BYTES): Runner {
  return { board: "pico", image: image(more), bytesOf: () => bytes };
}

describe("a file for a board", () => {
  it("has runner and payload, each at its address, in every format", async () => {
    const har = await opened(readFileSync(HAR!.integers.blob));
    const { input, firmware } = given(har, {}, 5);
    const payload = payloadOf(firmware, input);
    const file = async (more: Partial<RunnerImage>) =>
      (await boardFile(runner(more), firmware, input)).bytes;
    const flashes = [
      { address: 0x1000_0000, bytes: await file({}) },
      readHex(await file({ format: "hex" })),
      readUf2(await file({ format: "uf2", family: 0xe48bff56 }), 0xe48bff56),
    ];
    for (const { address, bytes } of flashes) {
      expect(address).toBe(0x1000_0000);
      expect(bytesOf(bytes.subarray(0, 1000)).equals(bytesOf(RUNNER_BYTES))).toBe(true);
      expect(bytes.subarray(1000, 0x800).every((byte) => byte === 0xff)).toBe(true);
      const found = bytes.subarray(0x800, 0x800 + payload.length);
      expect(bytesOf(found).equals(bytesOf(payload))).toBe(true);
    }
  });

  it("is refused with numbers where there is no room, to the byte", async () => {
    const har = await opened(readFileSync(HAR!.integers.blob));
    const { input, firmware } = given(har, {}, 5);
    const payloadBytes = payloadOf(firmware, input).length;
    const beside = besideArenaBytes(firmware);
    const arenaBytes = firmware.plan.arenaBytes + beside;
    const make = (more: Partial<RunnerImage>) => boardFile(runner(more), firmware, input);
    expect((await make({ arenaBytes, payloadBytes })).ramBytes).toBe(arenaBytes);
    await expect(make({ arenaBytes: arenaBytes - 1 })).rejects.toThrow(
      `does not fit pico: RAM: ${arenaBytes} bytes needed (arena ${firmware.plan.arenaBytes}, ` +
        `inputs, outputs and counters ${beside}), ${arenaBytes - 1} there beside the runner, 1 missing`,
    );
    await expect(make({ payloadBytes: payloadBytes - 8 })).rejects.toThrow(
      `does not fit pico: flash: ${payloadBytes} bytes needed (model ${har.blob.length}, example ` +
        `and labels ${payloadBytes - har.blob.length}), ${payloadBytes - 8} there behind the runner, 8 missing`,
    );
  });

  it("has the first build with all ops of the model, and is refused with those that are missing", async () => {
    const har = await opened(readFileSync(HAR!.integers.blob));
    const { input, firmware } = given(har, {}, 5);
    const build = (file: string, ops: readonly string[]) => ({ ...image({}), file, ops });
    const made = async (ops: readonly string[], ...others: ReturnType<typeof build>[]) =>
      (await boardFile(runner({ ops, others }), firmware, input)).build.file;
    expect(await made(INTEGERS)).toBe("board.bin");
    const all = build("all.bin", [...FLOATS, ...INTEGERS]);
    expect(await made(FLOATS, build("int.bin", INTEGERS), all)).toBe("int.bin");
    await expect(made(FLOATS, build("some.bin", INTEGERS.slice(2)))).rejects.toThrow(
      "does not fit pico: ops: its runner has no quantize, dequantize; " +
        "`mambalite export` makes firmware for any model",
    );
    await expect(made(INTEGERS.slice(1))).rejects.toThrow(
      "its runner has no quantize; `mambalite quantize --type int` makes a model that it takes; ",
    );
  });

  it("is not made of an image that is not the one that was built", async () => {
    const har = await opened(readFileSync(HAR!.integers.blob));
    const { input, firmware } = given(har, {}, 5);
    const bytes = RUNNER_BYTES.slice();
    bytes[999]! ^= 1;
    await expect(boardFile(runner({}, bytes), firmware, input)).rejects.toThrow(
      /^not a valid board\.bin file: 1000 bytes with CRC-32 \w{8}, expected/,
    );
  });
});
