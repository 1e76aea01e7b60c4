/** The CRC-32 of zip, gzip and PNG (ISO 3309, reflected polynomial 0xedb88320). */

const POLYNOMIAL = 0xedb88320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

/** The checksum as an unsigned 32-bit integer; `before`: that of what comes before the bytes. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The checksum of bytes of which those of two halves are known, and how long the second one is. */
export function joinedCrc32(first: number, second: number, secondBytes: number): number {
  return (product(first, power(8 * secondBytes)) ^ second) >>> 0;
}

/** Of polynomials over bits, the highest power in the lowest bit, modulo that of the CRC. */
function product(a: number, b: number): number {
  let sum = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) sum ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return sum;
}

const ONE = 0x80000000;
const X = 0x40000000;

/** x to the power of `exponent`, which may be beyond 32 bits. */
function power(exponent: number): number {
  let result = ONE;
  let square = X;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = product(result, square);
    square = product(square, square);
  }
  return result;
}
