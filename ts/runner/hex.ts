/**
 * Intel HEX ("Hexadecimal Object File Format Specification", Intel, 1988) of a stretch of flash: lines of ASCII, which
 * DAPLink takes. Knows nothing of what the bytes are.
 */

const RECORD = { data: 0, end: 1, upperAddress: 4 } as const;
const DATA_BYTES = 16;
/** A record's own address has 16 bits; a record of its own says the upper ones. */
const SEGMENT_BYTES = 0x10000;

/** @param base address of the first byte */
export function intelHex(base: number, bytes: Uint8Array): string {
  const lines: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const address = base + at;
    const isFirstOfSegment = at === 0 || address % SEGMENT_BYTES === 0;
    if (isFirstOfSegment) lines.push(upperAddress(Math.floor(address / SEGMENT_BYTES)));
    const room = SEGMENT_BYTES - (address % SEGMENT_BYTES);
    const data = bytes.subarray(at, at + Math.min(DATA_BYTES, room));
    lines.push(record(RECORD.data, address % SEGMENT_BYTES, data));
    at += data.length;
  }
  lines.push(record(RECORD.end, 0, new Uint8Array(0)));
  return `${lines.join("\r\n")}\r\n`;
}

function upperAddress(upper: number): string {
  return record(RECORD.upperAddress, 0, Uint8Array.of(upper >>> 8, upper & 0xff));
}

/** `:` count, address, type, data, and what makes the sum of all bytes 0. */
function record(type: number, address: number, data: Uint8Array): string {
  const bytes = [data.length, address >>> 8, address & 0xff, type, ...data];
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  return `:${[...bytes, -sum & 0xff].map(hexByte).join("")}`;
}

function hexByte(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}
