/**
 * UF2 (github.com/microsoft/uf2) of a stretch of flash: blocks of 512 bytes, each of which says where its 256 go. Knows
 * nothing of what the bytes are.
 */
import { ERASED } from "./bin.js";

const BLOCK_BYTES = 512;
const DATA_BYTES = 256;
/**
 * The least that is erased: the loader of an RP2040 goes wrong where only a part of a sector comes (RP2040 Datasheet,
 * erratum RP2040-E14).
 */
const SECTOR_BYTES = 4096;

const FIRST_MAGIC = 0x0a324655;
const SECOND_MAGIC = 0x9e5d5157;
const LAST_MAGIC = 0x0ab16f30;
const HAS_FAMILY = 0x2000;

/** Byte offsets in a block; each is a 32-bit word. */
const BLOCK = {
  ...{ firstMagic: 0, secondMagic: 4, flags: 8, address: 12 },
  ...{ dataBytes: 16, index: 20, count: 24, family: 28, data: 32, lastMagic: 508 },
} as const;

/**
 * @param base address of the first byte, that of a sector
 * @param family of the chip; a loader takes only its own
 */
export function uf2(base: number, bytes: Uint8Array, family: number): Uint8Array<ArrayBuffer> {
  const sectors = Math.ceil(bytes.length / SECTOR_BYTES);
  const whole = new Uint8Array(sectors * SECTOR_BYTES).fill(ERASED);
  whole.set(bytes);
  const count = whole.length / DATA_BYTES;
  const file = new Uint8Array(count * BLOCK_BYTES);
  for (let index = 0; index < count; index++) {
    const at = index * DATA_BYTES;
    const block = new DataView(file.buffer, index * BLOCK_BYTES, BLOCK_BYTES);
    const put = (name: keyof typeof BLOCK, word: number) =>
      block.setUint32(BLOCK[name], word, true);
    put("firstMagic", FIRST_MAGIC);
    put("secondMagic", SECOND_MAGIC);
    put("flags", HAS_FAMILY);
    put("address", base + at);
    put("dataBytes", DATA_BYTES);
    put("index", index);
    put("count", count);
    put("family", family);
    file.set(whole.subarray(at, at + DATA_BYTES), index * BLOCK_BYTES + BLOCK.data);
    put("lastMagic", LAST_MAGIC);
  }
  return file;
}
