/**
 * Audio files as the samples that a model takes: mono, at the model's rate, nothing resampled or
 * mixed. For Node, and no part of what a browser loads. Knows nothing of models.
 */
import { BadFile, BadInput } from "../core/errors.js";
import { hasText, looksLike } from "../looks-like.js";
import { readFlac } from "./flac.js";
import type { Recording } from "./recording.js";
import { readWav } from "./wav.js";

const RIFF = "RIFF";
const FLAC = "fLaC";

/** Whether the bytes begin as a WAV or a FLAC file does. */
export function isAudio(bytes: Uint8Array): boolean {
  return hasText(bytes, 0, RIFF) || hasText(bytes, 0, FLAC);
}

/**
 * The samples of a WAV file (16-bit integers or 32-bit floats) or a FLAC file (16 bits or fewer). An
 * integer of n bits is divided by 2^(n-1), exactly: a 16-bit sample by 32768.
 *
 * @throws BadFile (damaged, cut short, of another kind); BadInput (another rate, several channels)
 */
export function readAudio(bytes: Uint8Array, sampleRateHz: number): Float32Array {
  const { rateHz, channels, samples } = readRecording(bytes);
  if (rateHz !== sampleRateHz || channels !== 1) {
    throw new BadInput(
      `audio at ${sampleRateHz} Hz in 1 channel`,
      `${rateHz} Hz in ${channels} channel${channels === 1 ? "" : "s"}`,
    );
  }
  return samples();
}

function readRecording(bytes: Uint8Array): Recording {
  if (hasText(bytes, 0, RIFF)) return readWav(bytes);
  if (hasText(bytes, 0, FLAC)) return readFlac(bytes);
  throw new BadFile("wav or flac", looksLike(bytes));
}
