/**
 * A Pico's second stage, as it is in the image: its checksum, and its instructions in an emulated Cortex-M0+ against
 * flash-interface.ts's model of the SSI and the flash, up to the program behind it, which goes on until it says that there is no model.
 */
import { expect, test } from "vitest";
import { imageBytes, runnerImages } from "./emulated-board.js";
import { Pico } from "./pico.js";

const image = runnerImages().pico!;
const flash = imageBytes(image);
const SECOND_STAGE_BYTES = 256;
const VECTORS_AT = image.base + SECOND_STAGE_BYTES;
const words = new DataView(flash.buffer, flash.byteOffset, flash.byteLength);
const RESET_VECTOR = words.getUint32(SECOND_STAGE_BYTES + 4, true);

/** By division of the message as one long polynomial, with its first 32 bits inverted, and 32 zeros behind it. */
function checksum(bytes: Uint8Array): number {
  const message = [...bytes, 0, 0, 0, 0].flatMap((byte, i) =>
    Array.from({ length: 8 }, (_, bit) => ((byte >> (7 - bit)) & 1) ^ (i < 4 ? 1 : 0)),
  );
  const divisor = (0x1_04c1_1db7).toString(2).split("").map(Number);
  for (let at = 0; at + 32 < message.length; at++) {
    if (message[at])
      divisor.forEach((bit, i) => {
        message[at + i]! ^= bit;
      });
  }
  return Number.parseInt(message.slice(-32).join(""), 2);
}

test("the last word of its 256 bytes is the CRC-32 that the boot ROM computes", () => {
  expect(checksum(new TextEncoder().encode("123456789"))).toBe(0x0376e6e7); // CRC-32/MPEG-2's check value
  expect(words.getUint32(SECOND_STAGE_BYTES - 4, true)).toBe(
    checksum(flash.subarray(0, SECOND_STAGE_BYTES - 4)),
  );
});

function booted(hasFourLines: boolean, bytes = flash): Pico {
  const pico = new Pico(bytes, hasFourLines);
  expect(pico.ssi.memoryMode()).toBe("03h");
  pico.boot();
  pico.runUntil(() => pico.cpu.pc === (RESET_VECTOR & ~1), 5000);
  return pico;
}

test.each([true, false])(
  "reads the flash four bits at a time, QE set before: %s",
  (hasFourLines) => {
    const pico = booted(hasFourLines);
    expect(pico.ssi.memoryMode()).toBe("four lines");
    expect(pico.ssi.status).toEqual([0, 2]);
    expect(pico.cpu.vectors).toBe(VECTORS_AT);
    expect(pico.cpu.registers[13]! >>> 0).toBe(words.getUint32(SECOND_STAGE_BYTES, true));
  },
);

test("the model refuses a second stage that is wrong in any of its settings", () => {
  const settings = {
    "CTRLR0, bytes": 0x0007_0000,
    "CTRLR0, words": 0x005f_0300,
    "SPI_CTRLR0, first": 0x0000_2221,
    "SPI_CTRLR0, later": 0xa000_2022,
  };
  for (const [name, setting] of Object.entries(settings)) {
    const at = Array.from({ length: SECOND_STAGE_BYTES / 4 - 1 }, (_, i) => 4 * i).find(
      (offset) => words.getUint32(offset, true) === setting,
    );
    expect(at, name).toBeDefined();
    for (const bit of [0, 2, 5, 8, 11, 16, 21].filter(
      (bit) => bit < 11 || !name.endsWith("later"),
    )) {
      const wrong = flash.slice();
      new DataView(wrong.buffer).setUint32(at!, setting ^ (1 << bit), true);
      expect(() => booted(true, wrong), `${name}, bit ${bit}`).toThrow();
    }
  }
});

test("the program behind it sets up clocks and console, finds no model, and answers", () => {
  const pico = booted(true);
  pico.runUntil(() => pico.said.endsWith("ready\n"), 3_000_000);
  expect(pico.said.split("\n")).toEqual([
    "mambalite-runner 1",
    "runner pico",
    expect.stringMatching(/^core /),
    "configuration as it should be",
    "clock 133000000",
    "model none",
    "status no model: the flash behind the runner is empty",
    "ready",
    "",
  ]);
  pico.input.push(...new TextEncoder().encode("run\n"));
  const before = pico.said.length;
  pico.runUntil(() => pico.said.endsWith("\n") && pico.said.length > before, 1_000_000);
  expect(pico.said.slice(before)).toBe("status no model: the flash behind the runner is empty\n");
});
