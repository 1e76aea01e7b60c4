/**
 * The committed images as formats: vector tables, sizes, the RP2350's block, and what images.json and sources.json say
 * of them. What an emulator has runs in emulated.test.ts; none of this shows that a board starts.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { BOARDS } from "../../ts/device/index.js";
import { imageBytes, imagesOf, runnerImages } from "./emulated-board.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const boards = runnerImages();
/** Each image by its file, its board's id, and what images.json says of it. */
const IMAGES = Object.entries(boards).flatMap(([board, first]) =>
  imagesOf(first).map((image) => [image.file, board, image] as const),
);
const KIB = 1024;
const MOST_BYTES = 64 * KIB;
const RAM: Readonly<Record<string, number>> = {
  ...{ microbit: 16 * KIB, "microbit-v2": 128 * KIB, stm32f405: 128 * KIB },
  ...{ "nucleo-f446re": 128 * KIB, "nucleo-h743zi": 128 * KIB, pico: 264 * KIB, pico2: 520 * KIB },
};
const RAM_BASE = 0x2000_0000;
const SECOND_STAGE_BYTES = 256;
const CORE_VECTORS = 16;

const hex8 = (value: number) => value.toString(16).padStart(8, "0");

test("there is one for each board, and nothing else", () => {
  expect(Object.keys(boards).sort()).toEqual(Object.keys(RAM).sort());
});

test("sources.json says of which files each was made, and those are the ones here", () => {
  const { files, all, images } = JSON.parse(
    readFileSync(join(root, "csrc/runner/images/sources.json"), "utf8"),
  );
  expect(Object.keys(images).sort()).toEqual(IMAGES.map(([file]) => file).sort());
  for (const path of ["csrc/core/execute.c", "csrc/include/mlm.h", "csrc/runner/payload.c"]) {
    expect(all).toContain(path);
  }
  expect(images["pico2.bin"]).toContain("csrc/runner/boards/pico2/image_def.c");
  for (const [path, digest] of Object.entries(files)) {
    expect(hex8(crc32(readFileSync(join(root, path)))), path).toBe(digest);
  }
});

test("the images of a board with an FPU have all ops of the core between them", () => {
  const kernels = join(root, "csrc/kernels");
  const names = readdirSync(kernels)
    .map((file) => readFileSync(join(kernels, file), "utf8"))
    .filter((text) => text.includes("\n/* mlm-op "))
    .map((text) => /\.name = "(.*?)"/.exec(text)![1]!);
  for (const first of Object.values(boards).filter(({ others }) => others !== undefined)) {
    const ops = imagesOf(first).flatMap((image) => image.ops);
    expect([...new Set(ops)].sort()).toEqual([...new Set(names)].sort());
  }
});

test.each(IMAGES)("%s: size, CRC-32 and places are as images.json says", (_, _board, image) => {
  const bytes = imageBytes(image);
  expect(bytes.length).toBe(image.bytes);
  expect(bytes.length).toBeLessThan(MOST_BYTES);
  expect(hex8(crc32(bytes))).toBe(image.crc32);
  expect(image.payload % 64).toBe(0);
  expect(image.payload).toBeGreaterThanOrEqual(image.base + bytes.length);
  expect(image.arenaBytes % 16).toBe(0);
  const board = BOARDS.find(({ id }) => id === image.catalogue)!;
  expect(image.payload + image.payloadBytes - image.base).toBeLessThanOrEqual(board.flash.bytes);
  const region = board.regions.find(({ id }) => id === image.arena)!;
  expect(image.arenaBytes).toBeLessThanOrEqual(region.bytes);
});

test.each(IMAGES)("%s: the vector table leads into RAM and image", (_, board, image) => {
  const at = board === "pico" ? SECOND_STAGE_BYTES : 0;
  const bytes = imageBytes(image);
  const words = new DataView(bytes.buffer, bytes.byteOffset);
  const stack = words.getUint32(at, true);
  expect(stack % 8).toBe(0);
  expect(stack).toBeGreaterThan(RAM_BASE);
  expect(stack).toBeLessThanOrEqual(RAM_BASE + RAM[board]!);
  for (let vector = 1; vector < CORE_VECTORS; vector++) {
    const handler = words.getUint32(at + 4 * vector, true);
    expect(handler & 1, `vector ${vector}`).toBe(1);
    expect(handler, `vector ${vector}`).toBeGreaterThan(image.base);
    expect(handler, `vector ${vector}`).toBeLessThan(image.base + bytes.length);
  }
});

/** RP2350 Datasheet, 5.9.1: items from behind the first marker, each of a type and its length in words, up to a last one. */
function blockAt(words: DataView, at: number) {
  const items: { type: number; words: number[] }[] = [];
  let next = at + 4;
  for (;;) {
    const head = words.getUint32(next, true);
    const type = head & 0xff;
    if (type === 0xff) {
      const count = (head >> 8) & 0xffff;
      return { items, count: (next - at - 4) / 4 === count, next };
    }
    const size = type & 0x80 ? (head >> 8) & 0xffff : (head >> 8) & 0xff;
    const of = Array.from({ length: size }, (_, i) => words.getUint32(next + 4 * i, true));
    items.push({ type, words: of });
    next += 4 * size;
  }
}

test.each(imagesOf(boards.pico2!))(
  "$file: the first 4 KB have one block, a loop by itself, that defines an image for Secure Arm",
  (image) => {
    const bytes = imageBytes(image);
    const words = new DataView(bytes.buffer, bytes.byteOffset);
    const starts = Array.from({ length: KIB }, (_, i) => 4 * i).filter(
      (at) => words.getUint32(at, true) === 0xffff_ded3,
    );
    expect(starts).toHaveLength(1);
    const { items, count, next } = blockAt(words, starts[0]!);
    expect(count).toBe(true);
    expect(words.getInt32(next + 4, true)).toBe(0); // offset to the next block: itself
    expect(words.getUint32(next + 8, true)).toBe(0xab12_3579);
    expect(items).toHaveLength(1);
    const { type, words: item } = items[0]!;
    expect(type).toBe(0x42); // IMAGE_DEF, PICOBIN_BLOCK_ITEM_1BS_IMAGE_TYPE
    const flags = item[0]! >>> 16;
    expect(flags & 0xf).toBe(1); // an executable
    expect((flags >> 4) & 3).toBe(2); // Secure
    expect((flags >> 8) & 7).toBe(0); // Arm
    expect((flags >> 12) & 7).toBe(1); // RP2350
  },
);
