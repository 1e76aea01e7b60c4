/**
 * MD5 (RFC 1321) of bytes that come piece by piece: what a FLAC file carries of its samples. A checksum here, not a
 * secret; written out because a browser has none. Knows nothing of audio.
 */

const BLOCK_BYTES = 64;
/** What goes behind the bytes: a one bit, zeros, and how many bits there were. */
const MARK = 0x80;
const MARK_BYTES = 1;
const LENGTH_BYTES = 8;
/** Each round's rotations, over and over. */
const ROTATIONS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;
const STEPS_A_ROUND = 16;
const STEPS = ROTATIONS.length * STEPS_A_ROUND;
/** The integer part of 2^32 |sin(step + 1)|. */
const SINES = Int32Array.from({ length: STEPS }, (_, step) =>
  Math.floor(2 ** 32 * Math.abs(Math.sin(step + 1))),
);
const START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

export class Md5 {
  readonly #state = Int32Array.from(START);
  readonly #block = new Uint8Array(BLOCK_BYTES);
  readonly #words = new Int32Array(BLOCK_BYTES / 4);
  #length = 0;

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const filled = this.#length % BLOCK_BYTES;
      const part = bytes.subarray(at, at + BLOCK_BYTES - filled);
      this.#block.set(part, filled);
      at += part.length;
      this.#length += part.length;
      if (this.#length % BLOCK_BYTES === 0) this.#mix();
    }
  }

  /** Ends it: 16 bytes. */
  digest(): Uint8Array {
    const bits = BigInt(this.#length) * 8n;
    const filled = (this.#length + MARK_BYTES + LENGTH_BYTES) % BLOCK_BYTES;
    const zeros = (BLOCK_BYTES - filled) % BLOCK_BYTES;
    const end = new Uint8Array(MARK_BYTES + zeros + LENGTH_BYTES);
    end[0] = MARK;
    new DataView(end.buffer).setBigUint64(MARK_BYTES + zeros, bits, true);
    this.update(end);
    const digest = new DataView(new ArrayBuffer(START.length * 4));
    for (const [i, word] of this.#state.entries()) digest.setInt32(4 * i, word, true);
    return new Uint8Array(digest.buffer);
  }

  #mix(): void {
    const view = new DataView(this.#block.buffer);
    const words = this.#words;
    for (let i = 0; i < words.length; i++) words[i] = view.getInt32(4 * i, true);
    const state = this.#state;
    let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
    for (let step = 0; step < STEPS; step++) {
      const round = Math.floor(step / STEPS_A_ROUND);
      const word = words[wordOf(round, step)]!;
      const sum = (a + mixed(round, b, c, d) + SINES[step]! + word) | 0;
      const turn = ROTATIONS[round]![step % 4]!;
      const rotated = (sum << turn) | (sum >>> (32 - turn));
      [a, b, c, d] = [d, (b + rotated) | 0, b, c];
    }
    state[0]! += a;
    state[1]! += b;
    state[2]! += c;
    state[3]! += d;
  }
}

/** Which of the block's sixteen words a step adds. */
function wordOf(round: number, step: number): number {
  if (round === 0) return step;
  if (round === 1) return (5 * step + 1) % 16;
  if (round === 2) return (3 * step + 5) % 16;
  return (7 * step) % 16;
}

/** Bit by bit: b chooses, d chooses, parity, and the fourth of RFC 1321. */
function mixed(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (d & b) | (~d & c);
  if (round === 2) return b ^ c ^ d;
  return c ^ (b | ~d);
}
