/** The bytes of a pickle, read one behind the other, never beyond the end. Knows no opcodes. */
import { BadFile } from "../core/errors.js";
import { badPickle } from "./pickle-values.js";

/** Longest LONG1/LONG4: torch's magic number takes 10 bytes. */
const MAX_INTEGER_BYTES = 16;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class PickleBytes {
  protected readonly view: DataView;

  constructor(
    protected readonly bytes: Uint8Array,
    protected at: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  protected requireBytes(count: number): void {
    const left = this.bytes.length - this.at;
    if (count > left) throw this.bad(`truncated: ${count} bytes expected, ${left} left`);
  }

  /** Steps over `count` bytes and returns where they begin. */
  protected advance(count: number): number {
    this.requireBytes(count);
    const start = this.at;
    this.at += count;
    return start;
  }

  protected uint8(): number {
    return this.view.getUint8(this.advance(1));
  }

  protected uint32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  /** Inexact beyond 2^53, where it only has to be too large. */
  protected uint64(): number {
    return Number(this.view.getBigUint64(this.advance(8), true));
  }

  protected slice(length: number): Uint8Array {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  protected text(length: number): string {
    try {
      return UTF8.decode(this.slice(length));
    } catch (error) {
      if (error instanceof BadFile) throw error;
      throw this.bad("text that is not UTF-8");
    }
  }

  protected line(): string {
    const end = this.bytes.indexOf("\n".charCodeAt(0), this.at);
    if (end < 0) throw this.bad("truncated in the name of a global");
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }

  /** A little-endian two's complement integer: a number where it is exact, else a bigint. */
  protected integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) throw this.bad(`an integer of ${length} bytes`);
    const bytes = this.slice(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  protected bad(reason: string): BadFile {
    return badPickle(`byte ${this.at}: ${reason}`);
  }
}
