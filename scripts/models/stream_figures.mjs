/**
 * Prints what kws finds in streams that never end, as its card says it: all clips of the test split with pauses, with
 * background noise at 20 and 10 dB, and an hour of noise alone; running and with exact windows, by the detector that
 * `mambalite detect` drives. Needs ../shared/data; takes some minutes.
 *
 *   node scripts/models/stream_figures.mjs [--split validation] [--model FOLDER] [--threshold P] [--smooth N]
 *     [--hold-off N] [--window N] [--hop N] [--mode running|exact] [--words N] [--noise SECONDS] [--json]
 *
 * What is not said is as the bundled model has it. Choices are made with `--split validation`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { RATE_HZ, readNoise, readWordStream } from "./stream-sets.mjs";
import { hasData } from "./test-sets.mjs";

const { createBlob, Engine } = await import("../../dist/node.js");
const { readCheckpoint, toNetwork } = await import("../../dist/checkpoint/index.js");
const { readFrontEnd, readLabels, withFrontEnd } = await import("../../dist/frontend/index.js");
const { BUNDLED_MODELS } = await import("../../dist/models/node.js");
const { createDetector, runningNetwork, scoreOf, windowNetworks } = await import(
  "../../dist/streaming/index.js"
);

const NOISE_LEVELS_DB = [20, 10];
const PORTION = 160_000;
const TILE = 8;

const SECONDS_PER_HOUR = 3600;

const kws = BUNDLED_MODELS.find(({ name }) => name === "kws");
const text = /** @type {const} */ ({ type: "string" });
const { values } = parseArgs({
  options: {
    split: { ...text, default: "test" },
    model: { ...text, default: fileURLToPath(new URL(".", kws.checkpoint)) },
    mode: text,
    threshold: text,
    smooth: text,
    "hold-off": text,
    window: text,
    hop: text,
    words: text,
    json: { type: "boolean", default: false },
    noise: { ...text, default: `${SECONDS_PER_HOUR}` },
  },
});

if (!hasData) {
  console.error("the data sets are expected in ../shared/data");
  process.exit(1);
}

const engine = await Engine.load();
const network = readNetwork(values.model);
const split = /** @type {"validation" | "test"} */ (values.split);
const words = network.labels.filter((label) => !label.startsWith("_"));

const modes = values.mode === undefined ? ["running", "exact"] : [String(values.mode)];
const forms = Object.fromEntries(modes.map((mode) => [mode, formOf(mode)]));
const most = values.words === undefined ? undefined : Number(values.words);

const rows = [];
for (const snrDb of NOISE_LEVELS_DB) {
  const { samples, truths } = readWordStream(split, words, snrDb, most);
  for (const mode of modes) rows.push(await measure(`${snrDb} dB`, mode, samples, truths));
}
const noise = readNoise(split, Number(values.noise) * RATE_HZ, NOISE_LEVELS_DB.at(-1));
for (const mode of modes) rows.push(await measure("noise alone", mode, noise, []));
console.log(values.json ? JSON.stringify({ forms, rows }, null, 2) : render());

function render() {
  const hows = modes.map((mode) => {
    const { windowFrames, hopFrames, smooth, holdOff, thresholds } = forms[mode];
    return (
      `- ${mode}: windows of ${windowFrames} frames, ${hopFrames} apart, ${smooth} answers averaged, ` +
      `threshold ${thresholdText(thresholds)}, held off for ${holdOff}`
    );
  });
  const head = [
    "background",
    "windows",
    "found",
    "wrong",
    "repeated",
    "other events",
    "median latency",
  ];
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [
    ...hows,
    "",
    line(head),
    "|---|---|---:|---:|---:|---:|---:|",
    ...rows.map(
      ({ name, mode, total, hits, wrong, repeats, falseAlarms, medianLatencySeconds }) => {
        const share = (count) => (total === 0 ? "-" : `${((100 * count) / total).toFixed(1)} %`);
        const latency = total === 0 ? "-" : `${medianLatencySeconds.toFixed(2)} s`;
        return line([name, mode, share(hits), share(wrong), repeats, falseAlarms, latency]);
      },
    ),
  ].join("\n");
}

function thresholdText(thresholds) {
  if (typeof thresholds === "number") return `${thresholds}`;
  return Object.entries(thresholds)
    .map(([label, value]) => `${label} ${value}`)
    .join(", ");
}

function readNetwork(folder) {
  const read = (name) => readFileSync(join(folder, name));
  const plain = toNetwork(readCheckpoint(read("model.safetensors")));
  const frontEnd = readFrontEnd(read("frontend.json"));
  return withFrontEnd({ ...plain, labels: readLabels(read("labels.json")) }, frontEnd);
}

function formOf(mode) {
  const { windows, events } = kws.stream[mode];
  const number = (name, otherwise) =>
    values[name] === undefined ? otherwise : Number(values[name]);
  return {
    windowFrames: number("window", windows.windowFrames),
    hopFrames: number("hop", windows.hopFrames),
    smooth: number("smooth", events.smooth),
    holdOff: number("hold-off", events.holdOff),
    thresholds: number("threshold", events.thresholds),
  };
}

async function detectorOf(mode) {
  const { windowFrames, hopFrames, ...how } = forms[mode];
  const windows = { windowFrames, hopFrames };
  if (mode === "running") {
    const model = await createBlob(engine, runningNetwork(network, windows));
    return createDetector(engine, { model, tile: TILE, ...how });
  }
  const { front, model } = windowNetworks(network);
  const blobs = { front: await createBlob(engine, front), model: await createBlob(engine, model) };
  return createDetector(engine, { ...blobs, ...windows, tile: TILE, ...how });
}

async function measure(name, mode, samples, truths) {
  const detector = await detectorOf(mode);
  const events = [];
  for (let at = 0; at < samples.length; at += PORTION) {
    events.push(...detector.push(samples.subarray(at, at + PORTION)));
  }
  detector.dispose();
  return { name, mode, ...scoreOf(events, truths, samples.length / RATE_HZ) };
}
