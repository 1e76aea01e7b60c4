/**
 * Audio files as the samples that a model takes: mono, at the model's rate, nothing resampled or
 * mixed. Of the page, only what is loaded on demand takes FLAC. Knows nothing of models.
 */
import { BadFile } from "../core/errors.js";
import { hasText, looksLike } from "../looks-like.js";
import { readFlac } from "./flac.js";
import { monoSamples, type Recording } from "./recording.js";
import { isWav, readWav } from "./wav.js";

const FLAC = "fLaC";

/** Whether the bytes begin as a WAV or a FLAC file does. */
export function isAudio(bytes: Uint8Array): boolean {
  return isWav(bytes) || hasText(bytes, 0, FLAC);
}

/**
 * The samples of a WAV file (integers of 8, 16, 24 or 32 bits, floats of 32 or 64) or a FLAC file (16
 * bits or fewer). An integer of n bits is divided by 2^(n-1), a 16-bit sample by 32768; what float32
 * cannot hold is rounded once.
 *
 * @throws BadFile (damaged, cut short, empty, of another kind); BadInput (another rate, several
 * channels, more than MAX_SAMPLES)
 */
export function readAudio(bytes: Uint8Array, sampleRateHz: number): Float32Array {
  return monoSamples(readRecording(bytes), sampleRateHz);
}

function readRecording(bytes: Uint8Array): Recording {
  if (isWav(bytes)) return readWav(bytes);
  if (hasText(bytes, 0, FLAC)) return readFlac(bytes);
  throw new BadFile("wav or flac", looksLike(bytes));
}
