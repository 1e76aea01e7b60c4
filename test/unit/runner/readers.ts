/**
 * Readers of what `ts/runner` writes, made from the formats' published rules and from the table of docs/runner.md, apart
 * from the writers: Intel HEX (Intel's specification of 1988), UF2 (github.com/microsoft/uf2), the payload. They refuse
 * whatever breaks a rule.
 */
import { crc32 } from "node:zlib";

/** A stretch of memory: where it begins, and its bytes. */
export interface Stretch {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** The bytes by address, each written once, as one stretch without holes. */
class Memory {
  readonly #bytes = new Map<number, number>();

  put(address: number, bytes: Uint8Array): void {
    bytes.forEach((byte, i) => {
      if (this.#bytes.has(address + i)) throw new Error(`${address + i} is written twice`);
      this.#bytes.set(address + i, byte);
    });
  }

  whole(): Stretch {
    const addresses = [...this.#bytes.keys()].sort((a, b) => a - b);
    const address = addresses[0] ?? 0;
    addresses.forEach((at, i) => {
      if (at !== address + i) throw new Error(`a hole before ${at}`);
    });
    return { address, bytes: Uint8Array.from(addresses, (at) => this.#bytes.get(at)!) };
  }
}

const HEX_LINE = /^:((?:[0-9A-F]{2}){5,})$/;

export function readHex(file: Uint8Array): Stretch {
  const text = Buffer.from(file).toString("latin1");
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const lines = text.slice(0, -1).split("\n");
  const memory = new Memory();
  let upper = 0;
  let isOver = false;
  for (const [number, line] of lines.entries()) {
    const place = `line ${number + 1}`;
    const digits = HEX_LINE.exec(line.replace(/\r$/, ""))?.[1];
    if (digits === undefined) throw new Error(`${place}: no record`);
    if (isOver) throw new Error(`${place}: behind the end`);
    const bytes = Buffer.from(digits, "hex");
    if (bytes.reduce((sum, byte) => sum + byte, 0) % 256 !== 0) throw new Error(`${place}: sum`);
    const count = bytes.readUInt8(0);
    const offset = bytes.readUInt16BE(1);
    const data = bytes.subarray(4, -1);
    if (data.length !== count) throw new Error(`${place}: ${data.length} bytes, it says ${count}`);
    const type = bytes.readUInt8(3);
    if (type === 0) {
      if (count === 0) throw new Error(`${place}: no data`);
      // Within its 64 KB an address would turn round.
      if (offset + count > 0x10000) throw new Error(`${place}: beyond its segment`);
      memory.put(upper + offset, data);
    } else if (type === 1) {
      if (count !== 0 || offset !== 0) throw new Error(`${place}: an end with more to say`);
      isOver = true;
    } else if (type === 4) {
      if (count !== 2 || offset !== 0) throw new Error(`${place}: an address of another form`);
      upper = data.readUInt16BE(0) * 0x10000;
    } else {
      throw new Error(`${place}: a record of type ${type}`);
    }
  }
  if (!isOver) throw new Error("no end");
  return memory.whole();
}

/** The sectors that an RP2040 and an RP2350 erase. */
const SECTOR = 4096;

export function readUf2(file: Uint8Array, family: number): Stretch {
  if (file.length === 0 || file.length % 512 !== 0) throw new Error("not whole blocks");
  const view = Buffer.from(file.buffer, file.byteOffset, file.length);
  const memory = new Memory();
  const count = file.length / 512;
  for (let i = 0; i < count; i++) {
    const block = view.subarray(512 * i, 512 * (i + 1));
    const word = (at: number) => block.readUInt32LE(at);
    if (block.toString("latin1", 0, 4) !== "UF2\n") throw new Error(`block ${i}: first magic`);
    if (word(4) !== 0x9e5d5157 || word(508) !== 0x0ab16f30) throw new Error(`block ${i}: magic`);
    if (word(8) !== 0x00002000) throw new Error(`block ${i}: flags ${word(8)}`);
    if (word(28) !== family) throw new Error(`block ${i}: another family`);
    if (word(20) !== i || word(24) !== count) throw new Error(`block ${i}: number`);
    // The loader of these chips takes 256 bytes, on a multiple of them.
    if (word(16) !== 256 || word(12) % 256 !== 0) throw new Error(`block ${i}: place`);
    if (block.subarray(32 + 256, 508).some((byte) => byte !== 0))
      throw new Error(`block ${i}: end`);
    memory.put(word(12), block.subarray(32, 32 + 256));
  }
  const whole = memory.whole();
  if (whole.address % SECTOR !== 0 || whole.bytes.length % SECTOR !== 0) {
    throw new Error("a part of a sector");
  }
  return whole;
}

export interface ReadPayload {
  readonly bytes: number;
  readonly blob: Uint8Array;
  readonly schedule: number;
  readonly tile: number;
  readonly maxFrames: number;
  readonly arenaBytes: number;
  readonly example: Buffer;
  readonly kind: number;
  readonly labels: readonly string[];
}

/** @param most bytes that the board has for it */
export function readPayload(flash: Uint8Array, most = flash.length): ReadPayload {
  const view = Buffer.from(flash.buffer, flash.byteOffset, flash.length);
  const word = (at: number) => view.readUInt32LE(at);
  if (view.toString("latin1", 0, 8) !== "MLMRUN1\0") throw new Error("no model");
  const bytes = word(8);
  if (bytes < 64 || bytes > most || bytes > flash.length) throw new Error("its length");
  if (word(12) !== crc32(view.subarray(16, bytes))) throw new Error("its CRC-32");
  if (word(56) !== 0 || word(60) !== 0) throw new Error("words that are not used");
  const part = (at: number, length: number, alignment: number) => {
    if (at % alignment !== 0 || at < 64 || at + length > bytes) throw new Error("leads outside");
    return view.subarray(at, at + length);
  };
  const kind = word(48);
  const valueBytes = { 1: 2, 2: 4, 3: 4 }[kind];
  if (valueBytes === undefined) throw new Error("a kind of example");
  const labelsAt = word(52);
  const labelsEnd = labelsAt === 0 ? 0 : view.indexOf(0, labelsAt);
  if (labelsEnd < 0 || labelsEnd >= bytes) throw new Error("labels without an end");
  return {
    bytes,
    blob: part(word(16), word(20), 16),
    ...{ schedule: word(24), tile: word(28), maxFrames: word(32), arenaBytes: word(36) },
    example: part(word(40), word(44) * valueBytes, 4),
    kind,
    labels: labelsAt === 0 ? [] : view.toString("latin1", labelsAt, labelsEnd).split("\n"),
  };
}
