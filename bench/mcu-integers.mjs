/**
 * Networks of integers beside those of floats on emulated cores: instructions of one run of KWS-10 and of the
 * bundled har on every core, and of log-mel a frame where there is no FPU. Knows how to make and measure the
 * models; bench/mcu.mjs has the machinery and prints.
 */
import { readFileSync } from "node:fs";

const { Engine, createBlob, quantizeNetwork } = await import("../dist/node.js");
const { readAudio } = await import("../dist/audio/index.js");
const { readCheckpoint, readNpy, toNetwork } = await import("../dist/checkpoint/index.js");
const { readFrontEnd, withFrontEnd } = await import("../dist/frontend/index.js");
const { BUNDLED_MODELS } = await import("../dist/models/node.js");
const { EMULATORS, missingTools } = await import("../dist/firmware/node.js");

/** Each core's usual variant, but an rv32imc, which has no FPU. */
const TARGETS = [
  { target: "riscv32", variant: "soft", title: "rv32imc" },
  { target: "cortex-m0", title: "Cortex-M0 (thumbv6m)" },
  { target: "cortex-m3", title: "Cortex-M3" },
  { target: "cortex-m4", title: "Cortex-M4" },
  { target: "cortex-m33", title: "Cortex-M33" },
  { target: "cortex-m7", title: "Cortex-M7" },
].map((place) => ({ variant: EMULATORS[place.target].variants[0].name, ...place }));
const COLUMNS = [
  { id: "f32", title: "f32, tile 1", type: "f32", tile: 1 },
  { id: "int", title: "integers, tile 1", type: "int32", tile: 1 },
  { id: "intTile4", title: "integers, tile 4", type: "int32", tile: 4 },
  { id: "int16", title: "integers, states of 16 bits, tile 1", type: "int16", tile: 1 },
];

/** Titles of models: that of the paper has it only with its published weights. */
const KWS10 = "KWS-10";
const HAR = "har";

const MILLION = 1_000_000;
/** Most instructions of a run. */
const LIMITS = [
  { model: KWS10, target: "riscv32", column: "int", atMost: 22 * MILLION },
  { model: KWS10, target: "riscv32", column: "intTile4", atMost: 20 * MILLION },
  { model: KWS10, target: "cortex-m0", column: "int", atMost: 29 * MILLION },
  { model: KWS10, target: "cortex-m3", column: "int", atMost: 18 * MILLION },
  ...["cortex-m4", "cortex-m33", "cortex-m7"].flatMap((target) => [
    { model: KWS10, target, column: "int", atMost: 10.8 * MILLION },
    { model: HAR, target, column: "int", atMost: 9.2 * MILLION },
  ]),
  { model: HAR, target: "riscv32", column: "int", atMost: 18 * MILLION },
  { model: HAR, target: "cortex-m0", column: "int", atMost: 22 * MILLION },
];
const KB = 1000;
/** Bytes: of the weights, as a share of the f32 blob's, and of arenas at tile 1. */
const MEMORY_LIMITS = [
  { model: KWS10, weights: 0.28, int: 11 * KB, int16: 7 * KB },
  { model: HAR, weights: 0.3, int: 6.3 * KB, int16: 4.3 * KB },
];
/** Of a frame of log-mel, where there is no FPU. */
const LOG_MEL_LIMITS = { riscv32: 50_000, "cortex-m0": 120_000 };

/** A bundled model's network and examples. */
function bundled(name) {
  const { checkpoint, frontEnd, examples } = BUNDLED_MODELS.find((model) => model.name === name);
  const network = toNetwork(readCheckpoint(readFileSync(checkpoint)));
  const inputs = examples.map(({ url }) => {
    const bytes = readFileSync(url);
    return Float32Array.from(
      url.href.endsWith(".wav") ? readAudio(bytes, 16_000) : readNpy(bytes).data,
    );
  });
  return {
    title: name,
    network: withFrontEnd(network, readFrontEnd(readFileSync(frontEnd))),
    inputs,
  };
}

async function withBlobs(engine, { title, network, inputs }) {
  const source = { count: inputs.length, item: (index) => inputs[index] };
  const integers = async (stateBits) =>
    (await quantizeNetwork(engine, network, source, { stateBits, shares: false })).blob;
  const blobs = {
    f32: await createBlob(engine, network),
    int32: await integers(32),
    int16: await integers(16),
  };
  const weights = {
    f32: await weightsBytes(engine, blobs.f32),
    int: await weightsBytes(engine, blobs.int32),
  };
  return { title, input: inputs[0], blobs, weights };
}

async function weightsBytes(engine, blob) {
  const model = await engine.loadModel(blob);
  const sum = model.tensors.reduce((all, { bytes }) => all + bytes, 0);
  model.dispose();
  return sum;
}

/** Reports by column; a model that does not fit a core's memory has none, and a reason. */
async function measureModel(measure, { target, variant }, { blobs, input }, skipped) {
  const reports = {};
  for (const { id, title, type, tile } of COLUMNS) {
    try {
      reports[id] = await measure(target, blobs[type], input, `${target}-integers`, {
        tile,
        variant,
      });
    } catch (error) {
      if (error.constructor.name !== "DoesNotFit") throw error;
      skipped.push(`${target}, ${title}: ${error.message}`);
    }
  }
  return reports;
}

/** Instructions of the front end a frame, of a network on samples. */
async function measureLogMel(engine, measure, { target, variant }, { blobs, input }) {
  const { ops, info } = await engine.loadModel(blobs.int32);
  const frames = Math.floor((input.length - info.windowSamples) / info.hopSamples) + 1;
  const { name } = ops.find(({ kind }) => kind === "logmel_int");
  const report = await measure(target, blobs.int32, input, `${target}-integers`, { variant });
  return Math.round(report.operators[name] / frames);
}

/** All models on all cores. `spotter`: title, network, inputs to calibrate with, of which the first one is run. */
export async function measureIntegers(measure, spotter) {
  const engine = await Engine.load();
  const models = [];
  for (const model of [spotter, bundled(HAR)]) models.push(await withBlobs(engine, model));
  const samples = await withBlobs(engine, bundled("kws"));
  const [rows, logMel, skipped] = [[], [], []];
  for (const place of TARGETS) {
    const missing = missingTools(place.target);
    if (missing.length > 0) {
      skipped.push(`integers on ${place.target}: no ${missing.join(", ")}`);
      continue;
    }
    for (const model of models) {
      const reports = await measureModel(measure, place, model, skipped);
      rows.push({ ...place, model: model.title, weights: model.weights, reports });
    }
    if (place.target in LOG_MEL_LIMITS) {
      const instructions = await measureLogMel(engine, measure, place, samples);
      logMel.push({ ...place, instructions });
    }
  }
  engine.dispose();
  return { rows, logMel, skipped };
}

const grouped = (value) => (value === undefined ? "" : value.toLocaleString("en-US"));

export function integerTables({ rows, logMel }) {
  return [
    {
      title: "Floats and integers: instructions of one run",
      columns: ["", ...COLUMNS.map(({ title }) => title), "arena", "arena, states of 16 bits"],
      rows: rows.map(({ title, model, reports }) => [
        `${model}, ${title}`,
        ...COLUMNS.map(({ id }) => grouped(reports[id]?.total)),
        grouped(reports.int?.arenaBytes),
        grouped(reports.int16?.arenaBytes),
      ]),
      note:
        "KWS-10 is 100 frames of 40 features, har 128 of 9. Arenas in bytes, of integers at tile 1. All give " +
        "WebAssembly's bits.",
    },
    {
      title: "Log-mel of integers",
      columns: ["", "instructions a frame"],
      rows: logMel.map(({ title, instructions }) => [title, grouped(instructions)]),
      note: "Of 16 kHz audio, 40 bands, stepped through.",
    },
  ];
}

/** What was not measured has no claim. */
export function integerClaims({ rows, logMel }) {
  const columnTitle = (id) => COLUMNS.find((column) => column.id === id).title;
  const runs = LIMITS.flatMap(({ model, target, column, atMost }) => {
    const row = rows.find((found) => found.target === target && found.model === model);
    const value = row?.reports[column]?.total;
    if (value === undefined) return [];
    const text = `instructions of one run, ${model}, ${columnTitle(column)}, ${row.title}`;
    return [{ text, value, atMost, unit: "instructions" }];
  });
  const memory = MEMORY_LIMITS.flatMap(({ model, weights, ...arenas }) => {
    const row = rows.find((found) => found.model === model);
    if (row === undefined) return [];
    const share = (100 * row.weights.int) / row.weights.f32;
    const ofArenas = Object.entries(arenas).flatMap(([column, atMost]) => {
      const value = row.reports[column]?.arenaBytes;
      const text = `arena, ${model}, ${columnTitle(column)}`;
      return value === undefined ? [] : [{ text, value, atMost, unit: "bytes" }];
    });
    const text = `weights in integers, ${model}, to those in f32`;
    return [{ text, value: share, atMost: Math.round(100 * weights), unit: "%" }, ...ofArenas];
  });
  const frames = logMel.map(({ target, title, instructions }) => ({
    text: `instructions of log-mel of integers a frame, ${title}`,
    value: instructions,
    atMost: LOG_MEL_LIMITS[target],
    unit: "instructions",
  }));
  return [...runs, ...memory, ...frames];
}
