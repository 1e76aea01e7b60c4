/**
 * The whole test sets of the bundled models, from the raw files of ../shared/data, in the order of
 * test/golden/trained. Knows nothing of what is done with them.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../build.mjs";

ensureBuilt();
const { readAudio } = await import("../../dist/audio/index.js");
const { readNpy } = await import("../../dist/checkpoint/index.js");

const root = fileURLToPath(new URL("../..", import.meta.url));
export const DATA = join(root, "../shared/data");
export const hasData = existsSync(join(DATA, "kws/test")) && existsSync(join(DATA, "uci_har"));

const HAR_FRAMES = 128;
const HAR_CHANNELS = 9;
const KWS_SAMPLES = 16_000;
const KWS_RATE_HZ = 16_000;
const SILENCES = 150;
/** The parts of each recording of noise, as scripts/train/kws.py has them. */
/** @type {Readonly<Record<"train" | "validation" | "test", readonly [number, number]>>} */
export const NOISE_SPANS = { train: [0, 0.8], validation: [0.8, 0.9], test: [0.9, 1] };

/** @param {"har" | "kws"} name */
export function readTestSet(name) {
  const labels = readLabels(name);
  const { inputs, classes } = name === "har" ? readHar() : readKws(labels);
  return { labels, inputs, classes, reference: referenceOf(name) };
}

export function readLabels(name) {
  return JSON.parse(readFileSync(join(root, `ts/models/${name}/labels.json`), "utf8"));
}

function referenceOf(name) {
  const path = join(root, `test/golden/trained/${name}.logits.npy`);
  const { data, shape } = readNpy(readFileSync(path));
  return rows(data, shape[1]);
}

/** Windows of one file of UCI HAR, in its order. */
export function readHarWindows(file) {
  const bytes = new Uint8Array(readFileSync(join(DATA, "uci_har", file)));
  return rows(new Float32Array(bytes.buffer), HAR_FRAMES * HAR_CHANNELS);
}

/** A function for each clip of a split that reads it, padded with zeros: by label, then by name. */
export function readKwsClips(split, labels) {
  return labels.flatMap((label) =>
    flacsIn(`kws/${split}/${label}`).map((path) => () => readClip(path)),
  );
}

function readHar() {
  return {
    inputs: readHarWindows("test_inertial.f32"),
    classes: [...readFileSync(join(DATA, "uci_har/y_test.u8"))],
  };
}

/** The clips, then the silences. */
function readKws(labels) {
  const clips = labels.map((label) => flacsIn(`kws/test/${label}`).map(readClip));
  const silences = cutSilences(flacsIn("kws/background_noise"), NOISE_SPANS.test);
  const silence = labels.indexOf("_silence_");
  return {
    inputs: [...clips.flat(), ...silences],
    classes: [
      ...clips.flatMap((ofLabel, index) => ofLabel.map(() => index)),
      ...silences.map(() => silence),
    ],
  };
}

function readClip(path) {
  const samples = new Float32Array(KWS_SAMPLES);
  samples.set(readAudioFile(path));
  return samples;
}

/** Mono, at kws's rate. */
export function readAudioFile(path) {
  return readAudio(readFileSync(path), KWS_RATE_HZ);
}

export function flacsIn(folder) {
  const path = join(DATA, folder);
  if (!existsSync(path)) return [];
  const names = readdirSync(path).filter((name) => name.endsWith(".flac"));
  return names.sort().map((name) => join(path, name));
}

/**
 * What `fixed_silence` in scripts/train/kws.py makes of a part of each recording.
 *
 * @param {readonly string[]} paths
 * @param {readonly [number, number]} span
 */
export function cutSilences(paths, [begin, end]) {
  const each = SILENCES / paths.length;
  return paths.flatMap((path) => {
    const whole = readAudioFile(path);
    const part = whole.subarray(Math.trunc(begin * whole.length), Math.trunc(end * whole.length));
    const step = (part.length - KWS_SAMPLES) / (each - 1);
    return Array.from({ length: each }, (_, index) => {
      const start = Math.trunc(index * step);
      const gain = Math.fround(10 ** -(index % 3));
      return part
        .slice(start, start + KWS_SAMPLES)
        .map((value) => roundToEven(Math.fround(value * gain) * 32768) / 32768);
    });
  });
}

function roundToEven(value) {
  const isHalf = value - Math.floor(value) === 0.5;
  return isHalf ? 2 * Math.round(value / 2) : Math.round(value);
}

function rows(data, length) {
  return Array.from({ length: data.length / length }, (_, i) =>
    data.subarray(i * length, (i + 1) * length),
  );
}
