/**
 * The constant tables of a log-mel front end, computed in double precision and rounded to float32
 * once: the definition that the core (csrc/kernels/logmel.c) and the training scripts share.
 * Source: the HTK Book, chapter 5.4 (filter bank). Knows nothing of files or networks' other ops.
 */
import { BadArgument } from "../core/errors.js";
import { isNormalFloat32, NORMAL_FLOAT32 } from "../float32.js";
import type { LogmelOp, Tensor } from "../graph/network.js";

/** What a log-mel front end is made from. Frame t covers samples [t hop, t hop + window). */
export interface LogmelForm {
  readonly sampleRateHz: number;
  /** A periodic Hann window of this many samples, followed by zeros up to `fftSamples`. */
  readonly windowSamples: number;
  /** 1 to windowSamples. */
  readonly hopSamples: number;
  /** A power of two, at least 4. */
  readonly fftSamples: number;
  readonly bands: number;
  /** Outer edges of the triangles, which are equidistant in mel; 0 <= low < high <= half the rate. */
  readonly lowHz: number;
  readonly highHz: number;
  /** Least energy of a band before the logarithm; a normal float32 above 0. */
  readonly energyFloor: number;
}

const MAX_FFT = 2 ** 16;

/** @throws BadArgument for sizes that do not fit each other */
export function logmelOp(form: LogmelForm, name = "logmel"): LogmelOp {
  checkForm(form);
  const { sampleRateHz, hopSamples, energyFloor } = form;
  return {
    kind: "logmel",
    name,
    input: 0,
    sampleRateHz,
    hopSamples,
    energyFloor,
    window: hannWindow(`${name}.window`, form.windowSamples),
    twiddles: twiddles(`${name}.twiddles`, form.fftSamples),
    ...melFilters(name, form),
  };
}

function checkForm(form: LogmelForm): void {
  const { sampleRateHz, windowSamples, hopSamples, fftSamples, bands, lowHz, highHz } = form;
  requireCount("sampleRateHz", sampleRateHz, 1, 2 ** 24);
  requireCount("fftSamples", fftSamples, 4, MAX_FFT);
  if ((fftSamples & (fftSamples - 1)) !== 0) {
    throw new BadArgument("fftSamples", "a power of two", String(fftSamples));
  }
  requireCount("windowSamples", windowSamples, 1, fftSamples);
  requireCount("hopSamples", hopSamples, 1, windowSamples);
  requireCount("bands", bands, 1, fftSamples);
  if (!(lowHz >= 0 && lowHz < highHz && highHz <= sampleRateHz / 2)) {
    throw new BadArgument(
      "lowHz and highHz",
      `0 <= low < high <= ${sampleRateHz / 2}`,
      `${lowHz} and ${highHz}`,
    );
  }
  if (!isNormalFloat32(form.energyFloor)) {
    throw new BadArgument("energyFloor", NORMAL_FLOAT32, String(form.energyFloor));
  }
}

function requireCount(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new BadArgument(name, `an integer from ${least} to ${most}`, String(value));
}

/** 0.5 - 0.5 cos(2 pi n / samples) */
function hannWindow(name: string, samples: number): Tensor {
  const data = Float32Array.from(
    { length: samples },
    (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / samples),
  );
  return { name, shape: [samples], data };
}

/** cos and -sin of 2 pi k / fft, k < fft / 2. */
function twiddles(name: string, fft: number): Tensor {
  const data = new Float32Array(fft);
  for (let k = 0; k < fft / 2; k++) {
    const angle = (2 * Math.PI * k) / fft;
    data[2 * k] = Math.cos(angle);
    data[2 * k + 1] = -Math.sin(angle);
  }
  return { name, shape: [fft / 2, 2], data };
}

/** Triangles of peak 1, linear in Hz; only the bins in which a band's weight is above 0. */
function melFilters(name: string, form: LogmelForm): Pick<LogmelOp, "filterBins" | "filters"> {
  const { bands, fftSamples, sampleRateHz } = form;
  const edges = melEdges(form);
  const binHz = sampleRateHz / fftSamples;
  const bins: number[] = [];
  const weights: number[] = [];
  for (let band = 0; band < bands; band++) {
    const [left, centre, right] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
    let first = 0;
    let count = 0;
    // Only between its edges can a triangle be above 0.
    const last = Math.min(fftSamples / 2, Math.ceil(right / binHz));
    for (let bin = Math.max(0, Math.floor(left / binHz)); bin <= last; bin++) {
      const hz = bin * binHz;
      const rising = (hz - left) / (centre - left);
      const falling = (right - hz) / (right - centre);
      const weight = Math.fround(Math.min(rising, falling));
      if (weight <= 0) continue;
      if (count === 0) first = bin;
      count++;
      weights.push(weight);
    }
    if (count === 0) {
      throw new BadArgument(
        "bands",
        "few enough for every band to hold a bin of the FFT",
        `${bands}, of which band ${band} (${left.toFixed(0)} to ${right.toFixed(0)} Hz) holds none`,
      );
    }
    bins.push(first, count);
  }
  return {
    filterBins: {
      name: `${name}.filter_bins`,
      shape: [bands, 2],
      data: Float32Array.from(bins),
    },
    filters: {
      name: `${name}.filters`,
      shape: [weights.length],
      data: Float32Array.from(weights),
    },
  };
}

/** bands + 2 frequencies in Hz, equidistant in 2595 log10(1 + f / 700). */
function melEdges({ bands, lowHz, highHz }: LogmelForm): number[] {
  const low = hzToMel(lowHz);
  const step = (hzToMel(highHz) - low) / (bands + 1);
  return Array.from({ length: bands + 2 }, (_, i) =>
    melToHz(i === bands + 1 ? hzToMel(highHz) : low + i * step),
  );
}

function hzToMel(hz: number): number {
  return 2595 * Math.log10(1 + hz / 700);
}

function melToHz(mel: number): number {
  return 700 * (10 ** (mel / 2595) - 1);
}
