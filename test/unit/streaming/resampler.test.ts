/** The resampler is its filter, at every place between samples that a pair of rates has, however the audio is cut. */
import { expect, test } from "vitest";
import { Resampler } from "../../../ts/streaming/index.js";

const CROSSINGS = 16;
const PASSED = 0.92;
const SAMPLES = 2000;

const audio = Float32Array.from({ length: SAMPLES }, (_, i) => Math.sin(i * i * 3e-4) / 2);

/** The windowed sinc at one time, in input samples from the first one on; zeros before it. */
function valueAt(at: number, cutoff: number): number {
  const reach = Math.ceil(CROSSINGS / cutoff);
  let sum = 0;
  for (let i = Math.max(0, Math.ceil(at - reach)); i <= Math.floor(at + reach); i++) {
    const x = Math.PI * cutoff * (i - at);
    const angle = (Math.PI * (i - at)) / reach;
    const window = 0.42 + 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle);
    sum += audio[i]! * cutoff * (x === 0 ? 1 : Math.sin(x) / x) * window;
  }
  return sum;
}

function resampled(fromHz: number, toHz: number, block: number): number[] {
  const resampler = new Resampler(fromHz, toHz);
  const output: number[] = [];
  for (let at = 0; at < SAMPLES; at += block) {
    output.push(...resampler.push(audio.subarray(at, at + block)));
  }
  return output;
}

test.each([
  [48_000, 16_000, 6],
  [44_100, 16_000, 6],
  [8_000, 16_000, 6],
  // No ratio of small numbers: to the nearest of 1024 places.
  [44_099.5, 16_000, 2],
])("from %f to %f Hz", (fromHz, toHz, digits) => {
  const whole = resampled(fromHz, toHz, SAMPLES);
  expect(whole.length).toBeGreaterThan(((SAMPLES - 60) * toHz) / fromHz);
  const cutoff = PASSED * Math.min(1, toHz / fromHz);
  for (const [index, value] of whole.entries()) {
    expect(value).toBeCloseTo(valueAt((index * fromHz) / toHz, cutoff), digits);
  }
  for (const block of [1, 7, 128]) expect(resampled(fromHz, toHz, block)).toEqual(whole);
});
