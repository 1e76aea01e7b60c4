/**
 * What an audio file says of itself, its samples once they are wanted, and the rules that hold for every
 * kind of file. Knows neither files nor models.
 */
import { BadFile, BadInput } from "../core/errors.js";

export interface Recording {
  readonly rateHz: number;
  readonly channels: number;
  /**
   * Of a recording of one channel: float32 in [-1, 1), unless the file holds other floats.
   * @throws BadFile (damaged, no samples), BadInput (more than MAX_SAMPLES)
   */
  samples(): Float32Array;
}

/**
 * Of one recording: 34 minutes at 16 kHz, 128 MiB as float32. A few bytes of FLAC stand for any number
 * of samples, so what is read has to end somewhere that is not the file's to say.
 */
export const MAX_SAMPLES = 2 ** 25;

/**
 * The samples of a recording that is mono and at the model's rate: nothing is resampled or mixed.
 * @throws BadInput, and what `samples` throws
 */
export function monoSamples(recording: Recording, sampleRateHz: number): Float32Array {
  const { rateHz, channels } = recording;
  if (rateHz !== sampleRateHz || channels !== 1) {
    throw new BadInput(
      `audio at ${sampleRateHz} Hz in 1 channel`,
      `${rateHz} Hz in ${channels} channel${channels === 1 ? "" : "s"}`,
    );
  }
  return recording.samples();
}

/** Before anything is allocated for them. @throws BadFile, BadInput */
export function requireCount(format: string, count: number): void {
  if (count === 0) throw new BadFile(format, "it has no samples");
  if (count > MAX_SAMPLES) throw tooLong(`${count}`);
}

export function tooLong(got: string): BadInput {
  return new BadInput(`audio of at most ${MAX_SAMPLES} samples`, got);
}
