/** Makes FLAC files that are far smaller than what they stand for. Knows nothing of what reads them. */

export const BLOCK_SAMPLES = 65536;

/** RFC 9639, section 9: 65,536 times the sample 0 of 16 bits, in 13 bytes with its checksum. */
const SILENT_FRAME = Buffer.from("fff8700000ffff000000007293", "hex");

/**
 * Silence at 16 kHz, mono, 16 bits.
 * @param says how many samples the header says there are; 0: it does not say
 */
export function silentFlac(frames: number, says = 0): Uint8Array {
  const info = Buffer.alloc(34);
  info.writeUInt32BE(0xffffffff, 0); // the smallest and the largest block
  info.writeUInt32BE((16_000 << 12) | (15 << 4) | Math.floor(says / 2 ** 32), 10);
  info.writeUInt32BE(says % 2 ** 32, 14);
  const silence = Array.from({ length: frames }, () => SILENT_FRAME);
  return Uint8Array.from(
    Buffer.concat([Buffer.from("fLaC\x80\0\0\x22", "latin1"), info, ...silence]),
  );
}
