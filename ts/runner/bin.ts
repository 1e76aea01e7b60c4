/** Flash as it is to be: a runner, and a payload at its place. Knows nothing of file formats around it. */

/** What flash reads as where nothing was written. */
export const ERASED = 0xff;

export interface FlashPlaces {
  /** Address of the image's first byte. */
  readonly base: number;
  /** Address of the payload's, behind the image. */
  readonly payload: number;
}

/** From `base` on to the end of the payload. */
export function flashOf(
  { base, payload: at }: FlashPlaces,
  image: Uint8Array,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const flash = new Uint8Array(at - base + payload.length).fill(ERASED);
  flash.set(image);
  flash.set(payload, at - base);
  return flash;
}
