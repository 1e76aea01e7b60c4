/**
 * Streams of the words of one split of Speech Commands, and of background noise, as a detector would hear them: from
 * the raw files of ../shared/data, the same samples every time. Knows nothing of detectors.
 */
import { flacsIn, NOISE_SPANS, readAudioFile } from "./test-sets.mjs";

export const RATE_HZ = 16_000;
const PAUSE_SECONDS = [1, 3];
const END_SECONDS = 2;
/** Root mean square of a word while it is spoken: 26 dB below full scale (ITU-T P.56's active level). */
const WORD_LEVEL = 0.05;
/** A word is where a frame's power is less than this below that of its loudest frame. */
const SPOKEN_DB = 20;
const LEVEL_FRAME = 160;
/** Of one recording of noise, before another goes on. */
const NOISE_CUT_SECONDS = 5;
const FADE_SECONDS = 0.5;
const SEED = 20_260;

/**
 * All clips of the six words in random order, each to one level, pauses of 1 to 3 s, one background behind all of it.
 * `seconds` of a word is the end of what is spoken of it, not of the clip.
 *
 * @param {"validation" | "test"} split
 * @returns {{ samples: Float32Array, truths: { label: string, seconds: number }[] }}
 */
export function readWordStream(split, words, snrDb, most = Number.POSITIVE_INFINITY) {
  const random = randomOf(SEED);
  const clips = words.flatMap((label) =>
    flacsIn(`kws/${split}/${label}`).map((path) => ({ label, path })),
  );
  shuffle(clips, random);
  const parts = [];
  const truths = [];
  let at = 0;
  for (const { label, path } of clips.slice(0, most)) {
    const clip = readAudioFile(path);
    const { begin, end } = spokenSpan(clip);
    const level = levelOf(clip.subarray(begin, end));
    const [low, high] = PAUSE_SECONDS;
    at += Math.round((low + (high - low) * random()) * RATE_HZ);
    parts.push({ at, samples: clip.map((value) => (value * WORD_LEVEL) / level) });
    truths.push({ label, seconds: (at + end) / RATE_HZ });
    at += clip.length;
  }
  const samples = readNoise(split, at + END_SECONDS * RATE_HZ, snrDb);
  for (const part of parts) {
    for (const [i, value] of part.samples.entries()) samples[part.at + i] += value;
  }
  return { samples: samples.map(clipped), truths };
}

/** Random cuts of the split's part of each recording, `snrDb` below a word of `readWordStream`. */
export function readNoise(split, count, snrDb) {
  const random = randomOf(SEED + 1);
  const [begin, end] = NOISE_SPANS[split];
  const recordings = flacsIn("kws/background_noise").map((path) => {
    const whole = readAudioFile(path);
    return whole.subarray(Math.trunc(begin * whole.length), Math.trunc(end * whole.length));
  });
  const level = WORD_LEVEL * 10 ** (-snrDb / 20);
  const gains = recordings.map((recording) => level / levelOf(recording));
  const samples = new Float32Array(count);
  for (let at = 0; at < count; at += NOISE_CUT_SECONDS * RATE_HZ) {
    const which = Math.floor(random() * recordings.length);
    const length = (NOISE_CUT_SECONDS + FADE_SECONDS) * RATE_HZ;
    const start = Math.floor(random() * (recordings[which].length - length + 1));
    addFaded(samples, at, recordings[which].subarray(start, start + length), gains[which]);
  }
  return samples.map(clipped);
}

/** Fades in and out with equal power: rooms do not change from one sample to the next. */
function addFaded(samples, at, cut, gain) {
  const fade = FADE_SECONDS * RATE_HZ;
  for (let i = 0; i < cut.length && at + i < samples.length; i++) {
    const share = Math.min(1, (at === 0 ? fade : i + 1) / fade, (cut.length - i) / fade);
    samples[at + i] += cut[i] * gain * Math.sqrt(share);
  }
}

/** From the first to behind the last loud frame. */
function spokenSpan(clip) {
  const powers = Array.from({ length: Math.floor(clip.length / LEVEL_FRAME) }, (_, i) =>
    powerOf(clip.subarray(i * LEVEL_FRAME, (i + 1) * LEVEL_FRAME)),
  );
  const least = Math.max(...powers) * 10 ** (-SPOKEN_DB / 10);
  const isLoud = (power) => power >= least;
  return {
    begin: powers.findIndex(isLoud) * LEVEL_FRAME,
    end: (powers.findLastIndex(isLoud) + 1) * LEVEL_FRAME,
  };
}

function powerOf(samples) {
  return samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
}

function levelOf(samples) {
  return Math.sqrt(powerOf(samples));
}

/** To 16 bits, as a microphone gives it. */
function clipped(value) {
  return Math.max(-32768, Math.min(32767, Math.round(value * 32768))) / 32768;
}

/** Fisher and Yates. */
function shuffle(items, random) {
  for (let i = items.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [items[i], items[other]] = [items[other], items[i]];
  }
}

/** Numbers from 0 up to 1: a linear congruential generator modulo 2^32 (Numerical Recipes). */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
