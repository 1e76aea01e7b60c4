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

/** @param {"har" | "kws"} name */
export function readTestSet(name) {
  const labels = JSON.parse(readFileSync(join(root, `ts/models/${name}/labels.json`), "utf8"));
  const { inputs, classes } = name === "har" ? readHar() : readKws(labels);
  return { labels, inputs, classes, reference: referenceOf(name) };
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
    flacsIn(`kws/${split}/${label}`).map((path) => () => {
      const samples = new Float32Array(KWS_SAMPLES);
      samples.set(readAudio(readFileSync(path), KWS_RATE_HZ));
      return samples;
    }),
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
  const clips = labels.map((label) => readKwsClips("test", [label]).map((read) => read()));
  const silences = cutSilences(flacsIn("kws/background_noise"));
  const silence = labels.indexOf("_silence_");
  return {
    inputs: [...clips.flat(), ...silences],
    classes: [
      ...clips.flatMap((ofLabel, index) => ofLabel.map(() => index)),
      ...silences.map(() => silence),
    ],
  };
}

function flacsIn(folder) {
  const path = join(DATA, folder);
  if (!existsSync(path)) return [];
  const names = readdirSync(path).filter((name) => name.endsWith(".flac"));
  return names.sort().map((name) => join(path, name));
}

/** What `fixed_silence` in scripts/train/kws.py makes of the last tenth of each recording. */
function cutSilences(paths) {
  const each = SILENCES / paths.length;
  return paths.flatMap((path) => {
    const whole = readAudio(readFileSync(path), KWS_RATE_HZ);
    const part = whole.subarray(Math.trunc(0.9 * whole.length));
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
