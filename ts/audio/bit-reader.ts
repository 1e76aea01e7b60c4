/** Bits of a byte array, the most significant first. Knows nothing of what they mean. */
import { BadFile } from "../core/errors.js";

/** A window of 32 bits from any bit on has at least this many that are right. */
const WINDOW_BITS = 25;

export class BitReader {
  /** In bits from the start. */
  #at: number;

  constructor(
    readonly bytes: Uint8Array,
    firstByte: number,
  ) {
    this.#at = 8 * firstByte;
  }

  /** Index of the next byte, once the reader is at the start of one. */
  get byte(): number {
    return Math.ceil(this.#at / 8);
  }

  get isAtEnd(): boolean {
    return this.byte >= this.bytes.length;
  }

  /** An unsigned number of 0 to 32 bits. @throws BadFile */
  unsigned(bits: number): number {
    if (bits === 0) return 0;
    if (bits > WINDOW_BITS) return this.unsigned(bits - 16) * 65536 + this.unsigned(16);
    const value = this.#window() >>> (32 - bits);
    this.#advance(bits);
    return value;
  }

  /** In two's complement. @throws BadFile */
  signed(bits: number): number {
    const value = this.unsigned(bits);
    return bits > 0 && value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
  }

  /** The number of zeros before the next one, which is read too. @throws BadFile */
  unary(): number {
    let count = 0;
    for (;;) {
      const zeros = Math.min(Math.clz32(this.#window()), WINDOW_BITS);
      count += zeros;
      this.#advance(zeros);
      if (zeros === WINDOW_BITS) continue;
      this.#advance(1);
      return count;
    }
  }

  /** On to the start of a byte. */
  align(): void {
    this.#at = 8 * this.byte;
  }

  #window(): number {
    const { bytes } = this;
    const first = this.#at >>> 3;
    const word =
      ((bytes[first] ?? 0) << 24) |
      ((bytes[first + 1] ?? 0) << 16) |
      ((bytes[first + 2] ?? 0) << 8) |
      (bytes[first + 3] ?? 0);
    return word << (this.#at & 7);
  }

  #advance(bits: number): void {
    this.#at += bits;
    if (this.#at > 8 * this.bytes.length) throw new BadFile("flac", "it is cut short");
  }
}
